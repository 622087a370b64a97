import { describe, expect, it } from "vitest";
import { checkPhases, type Evidence } from "../../../../src/cli/demo/migration/promises.ts";
import type { Sent } from "../../../../src/cli/demo/migration/tally.ts";

/** Two events of each of the four acts, and one of a time in between. */
const SENT: readonly Sent[] = [0, 0, 1, 1, 2, 2, 3, 3, null].map((act, n) => ({ id: `m${n}`, act, atMs: 0 }));
const IDS = SENT.map(({ id }) => id);
const ON_BUS = SENT.filter(({ act }) => act !== 1).map(({ id }) => id);

interface Came {
  readonly list: readonly string[];
  readonly channel: readonly string[];
  readonly webhook: readonly string[];
}

function refuted(came: Partial<Came>, rest: Partial<Evidence> = {}): readonly string[] {
  const { list, channel, webhook } = { list: ON_BUS, channel: ON_BUS, webhook: IDS, ...came };
  const counts = (ids: readonly string[]): ReadonlyMap<string, number> =>
    new Map(ids.map((id) => [id, ids.filter((one) => one === id).length]));
  const evidence: Evidence = {
    sent: SENT,
    refused: 0,
    obeyedInMs: [20, 900, 3],
    earlyWebhooks: 0,
    arrivals: { list: counts(list), channel: counts(channel), webhook: counts(webhook) },
    popped: list.map((id) => ({ modelId: id, messageId: `uuid of ${id}` })),
    notes: webhook.map((webhookId) => ({ webhookId, atMs: 0, status: 200, isVerified: true })),
    ...rest,
  };
  return checkPhases(evidence)
    .filter(({ holds }) => !holds)
    .map(({ claim }) => claim);
}

const without = (ids: readonly string[], id: string): readonly string[] => ids.filter((one) => one !== id);

describe("the demo's checkPhases", () => {
  it("finds nothing wrong when all went well, nor when the bus has repeated an event", () => {
    expect(refuted({})).toEqual([]);
    expect(refuted({ list: [...ON_BUS, "m0"] })).toEqual([]);
  });

  it.each([
    ["dual: each", "m0"],
    ["redis: each", "m4"],
    ["dual again: each", "m6"],
  ])("sees what the bus is missing: %s", (claim, id) => {
    expect(refuted({ list: without(ON_BUS, id) })).toEqual([expect.stringContaining(claim)]);
    expect(refuted({ channel: without(ON_BUS, id) })).toEqual([expect.stringContaining(claim)]);
  });

  it.each([
    ["dual: each", "m1"],
    ["webhook: each", "m3"],
    ["redis: each", "m5"],
    ["dual again: each", "m7"],
    ["nothing was lost", "m8"],
  ])("sees a webhook that is missing: %s", (claim, id) => {
    expect(refuted({ webhook: without(IDS, id) })).toEqual([expect.stringContaining(claim)]);
  });

  it("sees a bus that was to be silent and was not", () => {
    expect(refuted({ channel: [...ON_BUS, "m2"] })).toEqual([expect.stringContaining("none by the bus")]);
  });

  it("sees a webhook that was to be kept, a fleet that was late, and a publish that was refused", () => {
    expect(refuted({}, { earlyWebhooks: 1 })).toEqual([expect.stringContaining("before the return")]);
    expect(refuted({}, { obeyedInMs: [20, 2_100, 3] })).toEqual([expect.stringContaining("within 2 s")]);
    expect(refuted({}, { refused: 1 })).toEqual(["every publish was accepted, whatever the phase"]);
  });

  it("sees a repetition that cannot be told, and a signature that is wrong", () => {
    const popped = [...ON_BUS, "m0"].map((modelId, n) => ({ modelId, messageId: `message ${n}` }));
    expect(refuted({}, { popped })).toEqual([expect.stringContaining("one message_id")]);
    const notes = IDS.map((webhookId, n) => ({ webhookId, atMs: 0, status: 200, isVerified: n > 0 }));
    expect(refuted({}, { notes })).toEqual(["the receiver verified every signature"]);
  });
});
