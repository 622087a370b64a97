import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { asEndpointId, type EndpointId } from "../../../src/core/brand.ts";
import { createBreakers } from "../../../src/deliver/breaker.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ONE = asEndpointId("one");
const DELIVERED = { kind: "delivered", status: 200 } as const;
const FAILED = { kind: "refused", status: 503, retryAfterMs: null, instruction: null } as const;

/** Takes `S` and `F` in turn for successes and failures; says after how many attempts the breaker opened, or null. */
function openBreakers(failureThreshold = 5) {
  const open = new Map<string, number>();
  const breakers = createBreakers<EndpointId>(
    { failureThreshold, recoveryMs: 60_000 },
    {
      shared: {
        openUntil: (id) => open.get(id) ?? null,
        open: async (id, untilMs) => void open.set(id, untilMs),
        close: async (id) => void open.delete(id),
        leaseProbe: async () => true,
      },
      isFailure: ({ kind }) => kind !== "delivered",
      mayReturn: () => true,
      now: () => 0,
      dice: () => 0,
      tell: () => undefined,
      onReopened: () => undefined,
    },
  );
  return {
    breakers,
    openedAfter: async (attempts: string, id = ONE): Promise<number | null> => {
      for (const [at, attempt] of [...attempts].entries()) {
        await breakers.report(id, attempt === "F" ? FAILED : DELIVERED, false);
        if (open.has(id)) return at + 1;
      }
      return null;
    },
    reopen: () => breakers.report(ONE, DELIVERED, true),
  };
}

describe("a breaker", () => {
  it.each(["FSFSF", "FFFSS", "SSFFF", "FFSFF", "FFFF"])(
    "stays closed while fewer than the threshold have failed, whatever their share: %s",
    async (attempts) => {
      expect(await openBreakers().openedAfter(attempts)).toBeNull();
    },
  );

  it.each([
    ["FFFFFFFF", 5],
    ["SSFFFFFF", 7],
    ["FSFSFSFSF", 9],
    ["SSSSSFFFFFF", 10],
    ["SSSSSSFFFFFF", 12],
  ])("opens as soon as so many have failed, and half of all or more: %s", async (attempts, after) => {
    expect(await openBreakers().openedAfter(attempts)).toBe(after);
  });

  it("counts the successes that came before the first failure", async () => {
    expect(await openBreakers().openedAfter(`${"S".repeat(100)}${"F".repeat(99)}`)).toBeNull();
  });

  it("has forgotten after ten seconds what went well before", async () => {
    const { openedAfter } = openBreakers();
    await openedAfter("S".repeat(1_000));
    vi.advanceTimersByTime(10_000);
    expect(await openedAfter("FFFFF")).toBe(5);
  });

  it("has forgotten after ten seconds what failed before", async () => {
    const { openedAfter } = openBreakers();
    await openedAfter("FFFF");
    vi.advanceTimersByTime(10_000);
    expect(await openedAfter("FFFF")).toBeNull();
    expect(await openedAfter("F")).toBe(1);
  });

  it("counts each by itself", async () => {
    const { openedAfter } = openBreakers();
    await openedAfter("FFFF", asEndpointId("two"));
    expect(await openedAfter("F")).toBeNull();
  });

  it("begins anew after it was closed by its probe", async () => {
    const { openedAfter, reopen } = openBreakers();
    expect(await openedAfter("FFFFF")).toBe(5);
    await reopen();
    expect(await openedAfter("FFFFF")).toBe(5);
  });

  it("opens at the first failure where that is the threshold", async () => {
    expect(await openBreakers(1).openedAfter("F")).toBe(1);
    expect(await openBreakers(1).openedAfter("SSF")).toBeNull();
  });
});
