import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { asEndpointId, type EndpointId } from "../../../src/core/brand.ts";
import type { LineInWork } from "../../../src/deliver/drain-line.ts";
import { createWakeUps } from "../../../src/deliver/wake-ups.ts";

const id = asEndpointId("ep_1");
const RENEWED_AFTER_MS = 3_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("holds no lease any more that was given back, whatever a renewal under way then says", async () => {
  const renewal = Promise.withResolvers<readonly EndpointId[]>();
  const drained = Promise.withResolvers<LineInWork>();
  const wakeUps = createWakeUps({
    parking: {
      takeDue: async () => [id],
      renew: () => renewal.promise,
      release: async () => undefined,
    },
    drainLine: (line) => {
      drained.resolve(line);
      return new Promise(() => undefined);
    },
    inWork: new Set(),
    tell: () => undefined,
    system: { monotonicMs: () => 0 },
  });
  wakeUps.start();
  await vi.advanceTimersByTimeAsync(RENEWED_AFTER_MS);
  const { holdsLease } = await drained.promise;
  expect(holdsLease()).toBe(true);
  await wakeUps.stop(0);
  expect(holdsLease()).toBe(false);
  renewal.resolve([]);
  await new Promise(setImmediate);
  expect(holdsLease()).toBe(false);
});

it("gives a line back in the end that Redis would not take back at first", async () => {
  let [now, refusals] = [0, 2];
  const given: number[] = [];
  const wakeUps = createWakeUps({
    parking: {
      takeDue: async () => (given.length === 0 && now === 0 ? [id] : []),
      renew: async () => [],
      release: async () => {
        given.push(now);
        if (refusals-- > 0) throw new Error("TRYAGAIN Multiple keys request during rehashing of slot");
      },
    },
    drainLine: async () => {
      throw new Error("ASK 9302 127.0.0.1:6381");
    },
    inWork: new Set(),
    tell: () => undefined,
    system: { monotonicMs: () => now },
  });
  const pass = async (ms: number): Promise<void> => {
    for (const until = now + ms; now < until; now += 100) await vi.advanceTimersByTimeAsync(100);
  };
  wakeUps.start();
  await pass(5_000);
  expect(given).toHaveLength(3);
  expect(given.at(-1)).toBeLessThan(2_000);
  await wakeUps.stop(0);
});
