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
