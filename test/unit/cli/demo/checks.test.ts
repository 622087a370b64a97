import { describe, expect, it } from "vitest";
import { CAST, eventsFor } from "../../../../src/cli/demo/cast.ts";
import { checkPromises, type Evidence } from "../../../../src/cli/demo/checks.ts";
import type { DemoReceiver, Note } from "../../../../src/cli/demo/receiver.ts";
import { asEndpointId, asEventId } from "../../../../src/core/brand.ts";
import type { DeadLetter } from "../../../../src/core/delivery.ts";

const SCHEDULE = [2_000, 4_000, 8_000, 16_000, 32_000];
const AT_MS = [0, 2_100, 6_000, 14_500, 29_000, 63_000, 63_100];

const note = (webhookId: string, atMs: number, status: number): Note => ({
  webhookId,
  atMs,
  status,
  isVerified: true,
});

/** What the receivers note when all goes well. */
const NOTES = {
  healthy: CAST.flatMap((role) => (role.name === "healthy" ? eventsFor(role) : [])).map((id) =>
    note(id, 0, 200),
  ),
  flaky: ["a", "b"].flatMap((id) => [note(id, 0, 503), note(id, 2_000, 503), note(id, 6_000, 200)]),
  broken: AT_MS.map((atMs, index) => note("m", atMs, index < SCHEDULE.length + 1 ? 500 : 200)),
};

const LETTER: DeadLetter = {
  kind: "delivery",
  because: "exhausted",
  buriedAt: "2026-01-01T00:00:00Z",
  delivery: {
    event: { id: asEventId("m"), type: "model.registered", timestamp: "2026-01-01T00:00:00Z", data: "{}" },
    endpointId: asEndpointId("broken"),
    acceptedAt: 0,
    round: 0,
    heldSince: null,
    attempts: [1, 2, 3, 4, 5, 6].map((attemptNumber) => ({
      attemptNumber,
      startedAt: "2026-01-01T00:00:00Z",
      durationMs: 1,
      outcome: "refused",
      status: 500,
      reason: null,
    })),
  },
};

function refuted(notes: Partial<typeof NOTES>, rest: Partial<Evidence> = {}): readonly string[] {
  const receivers = CAST.map(
    (role): DemoReceiver => ({
      role,
      url: "",
      secret: "",
      notes: { ...NOTES, ...notes }[role.name],
      heal: () => undefined,
      close: () => Promise.resolve(),
    }),
  );
  const evidence = { receivers, letters: [LETTER], lettersLeft: 0, schedule: SCHEDULE, ...rest };
  return checkPromises(evidence)
    .filter(({ holds }) => !holds)
    .map(({ claim }) => claim);
}

describe("the demo's checkPromises", () => {
  it("finds nothing wrong when all went well", () => {
    expect(refuted({})).toEqual([]);
  });

  it("sees a delivery that is missing, and one that came twice", () => {
    const claim = ["healthy got each of its 7 events exactly once"];
    expect(refuted({ healthy: NOTES.healthy.slice(1) })).toEqual(claim);
    expect(refuted({ healthy: [...NOTES.healthy, ...NOTES.healthy.slice(0, 1)] })).toEqual(claim);
  });

  it("sees a signature that is wrong", () => {
    const forged = NOTES.healthy.map((one, index) => ({ ...one, isVerified: index > 0 }));
    expect(refuted({ healthy: forged })).toEqual([
      expect.stringContaining("healthy verified every signature"),
    ]);
  });

  it("sees retries that came too early or too late", () => {
    const shifted = (byMs: number): readonly string[] =>
      refuted({
        broken: NOTES.broken.map((one, index) => (index === 0 ? one : { ...one, atMs: one.atMs + byMs })),
      });
    expect(shifted(-500)).toEqual([
      expect.stringContaining("broken was tried again after 2, 4, 8, 16, 32 s"),
    ]);
    expect(shifted(800)).toEqual([expect.stringContaining("broken was tried again after 2, 4, 8, 16, 32 s")]);
  });

  it("sees a dead letter that is missing, and one that is left", () => {
    expect(refuted({}, { letters: [] })).toEqual([expect.stringContaining("became a dead letter")]);
    expect(refuted({}, { lettersLeft: 1 })).toEqual([expect.stringContaining("its replay was delivered")]);
  });

  it("sees a replay under another webhook-id", () => {
    const renamed = NOTES.broken.map((one, index) => (index === 6 ? { ...one, webhookId: "n" } : one));
    expect(refuted({ broken: renamed })).toEqual([expect.stringContaining("under the same webhook-id")]);
  });
});
