/** A worker that stops while events wait for company on their way to the bus: nobody waits any more. */
import { afterEach, expect, it, vi } from "vitest";
import { COMPANY_MS } from "../../src/bus/gather.ts";
import { listenToBus, registered } from "../support/bus.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

afterEach(() => void vi.restoreAllMocks());

/** Jobs that lie there when a worker begins: after sixteen that come quickly others wait, and fewer than are enough. */
const JOBS = 24;

/** From now on a wait for company ends by nothing but a call of its own; returns those that are under way. */
function holdCompany(): ReadonlySet<unknown> {
  const waiting = new Set<unknown>();
  const { setTimeout: begin, clearTimeout: end } = globalThis;
  const held = (work: () => void, ms?: number): NodeJS.Timeout => {
    if (ms !== COMPANY_MS || work.name !== "go") return begin(work, ms);
    const timer = begin(() => undefined, 3_600_000).unref();
    waiting.add(timer);
    return timer;
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(Object.assign(held, begin));
  vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    waiting.delete(timer);
    end(timer);
  });
  return waiting;
}

it("takes to the bus at once what waits for company, when a worker stops", async () => {
  await using redis = await startRedis();
  await using bus = await listenToBus(redis.url);
  await using producer = await startHookwave(redis, { role: "api" });
  const dual = { phase: "dual", forMs: null, reason: null, backlog: null, shares: null, by: "test" } as const;
  await producer.migration.set(dual);
  const waiting = holdCompany();
  let published = 0;
  const areAllOnBus = async (): Promise<boolean> => (await bus.entries()).length === published;

  const worker = await until("some wait for company", async () => {
    // One after another, so that each has a job of its own.
    for (let jobs = 0; jobs < JOBS; jobs += 1) {
      published += 1;
      await producer.publish(registered(`m_${published}`));
    }
    const started = await startHookwave(redis, { role: "worker", shutdownGraceMs: 20_000 });
    await until("all are on the bus, or some wait", async () => waiting.size > 0 || (await areAllOnBus()));
    if (waiting.size > 0) return started;
    // A machine that was too busy to take them quickly.
    await started.close();
    return null;
  });
  await worker.close();
  expect(waiting.size).toBe(0);
});
