import { describe, expect, it } from "vitest";
import { asEndpointId, asOrigin } from "../../../src/core/brand.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import type { BreakerId } from "../../../src/core/origin.ts";
import type { Outcome } from "../../../src/core/outcome.ts";
import { createBothBreakers } from "../../../src/deliver/both-breakers.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const NOW = 1_800_000_000_000;
const at = (id: string, path = id): Endpoint =>
  anEndpoint({ id: asEndpointId(id), url: `https://one.example/${path}` });
const unreachable = (reason: "connect" | "timeout" | "reset"): Outcome => ({ kind: "unreachable", reason });
const NO_PROBE = { isProbe: false, isOriginProbe: false };
const ORIGIN = "https://one.example";

/** A fleet of one worker, with the moment held still. */
function openBreakers() {
  const open = new Map<BreakerId, number>();
  const leases: number[] = [];
  const restarted: string[] = [];
  let now = NOW;
  const breakers = createBothBreakers(
    { failureThreshold: 5, recoveryMs: 60_000 },
    {
      shared: {
        openUntil: (id) => open.get(id) ?? null,
        open: async (id, untilMs) => void open.set(id, untilMs),
        close: async (id) => void open.delete(id),
        leaseProbe: async (_, leaseMs) => leases.push(leaseMs) > 0,
      },
      endpoints: { get: (id) => at(id) },
      now: () => now,
      dice: () => 0,
      tell: () => undefined,
      onReopened: (id) => void restarted.push(id),
      onOriginReopened: (origin) => void restarted.push(origin),
    },
  );
  return {
    ...{ breakers, open, leases, restarted },
    whenDue: () => {
      now += 60_000;
    },
  };
}

/** Five endpoints of one host, each tried once. */
async function failAll({ breakers }: ReturnType<typeof openBreakers>, outcome: Outcome): Promise<void> {
  for (const id of ["a", "b", "c", "d", "e"]) await breakers.report(at(id), outcome, NO_PROBE);
}

describe("the breaker of an origin", () => {
  it("opens when nobody could be reached at any of its endpoints, and holds others of it", async () => {
    const fleet = openBreakers();
    await failAll(fleet, unreachable("connect"));
    expect([...fleet.open.keys()]).toEqual([ORIGIN]);
    expect(fleet.breakers.probeDueInMs(at("new"))).toBe(60_000);
    expect(await fleet.breakers.admit(at("new"), 17_000)).toEqual({ holdMs: 60_000, ...NO_PROBE });
  });

  it.each([
    ["an answer", { kind: "refused", status: 500, retryAfterMs: null, instruction: null }],
    ["an end of the connection", unreachable("reset")],
    ["a timeout, which may have been too short to tell", unreachable("timeout")],
  ] as const)("stays closed after %s", async (_, outcome) => {
    const fleet = openBreakers();
    await failAll(fleet, outcome);
    expect([...fleet.open.keys()].includes(asOrigin(ORIGIN))).toBe(false);
  });

  it("is closed by a probe that is answered, whatever the answer, and all of it begins gently", async () => {
    const fleet = openBreakers();
    await failAll(fleet, unreachable("connect"));
    fleet.whenDue();
    const admission = await fleet.breakers.admit(at("a"), 17_000);
    expect(admission).toEqual({ holdMs: 0, isProbe: false, isOriginProbe: true });
    await fleet.breakers.report(
      at("a"),
      { kind: "refused", status: 404, retryAfterMs: null, instruction: null },
      admission,
    );
    expect([fleet.open.size, fleet.restarted]).toEqual([0, [ORIGIN]]);
  });

  it("is left as it is by a probe that ran out of time, until its lease ends", async () => {
    const fleet = openBreakers();
    await failAll(fleet, unreachable("connect"));
    fleet.whenDue();
    const admission = await fleet.breakers.admit(at("a"), 3_000);
    await fleet.breakers.report(at("a"), unreachable("timeout"), admission);
    expect([...fleet.open.keys()]).toEqual([ORIGIN]);
    expect(fleet.restarted).toEqual([]);
  });

  it("lends its probe for no longer than connecting takes, however long an endpoint may take to answer", async () => {
    const fleet = openBreakers();
    await failAll(fleet, unreachable("connect"));
    fleet.whenDue();
    await fleet.breakers.admit(at("slow"), 302_000);
    expect(fleet.leases).toEqual([12_000]);
  });

  it("probes for an endpoint whose own breaker is open as well, once that is due, too", async () => {
    const fleet = openBreakers();
    for (let n = 0; n < 5; n += 1) await fleet.breakers.report(at("a"), unreachable("connect"), NO_PROBE);
    expect([...fleet.open.keys()].sort()).toEqual(["a", ORIGIN]);
    fleet.whenDue();
    const admission = await fleet.breakers.admit(at("a"), 17_000);
    expect(admission).toEqual({ holdMs: 0, isProbe: true, isOriginProbe: true });
    await fleet.breakers.report(at("a"), { kind: "delivered", status: 200 }, admission);
    expect([fleet.open.size, [...fleet.restarted].sort()]).toEqual([0, ["a", ORIGIN]]);
  });
});
