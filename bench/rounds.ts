/**
 * The order in which modes run: side by side in rounds, so that whatever else the machine does meets all of them.
 * A mode that lost a delivery or sent one twice gets no figure: it is an error.
 */
import { startChild } from "./children.ts";
import { emptyRedis } from "./empty-redis.ts";
import { EVENTS_PER_SECOND } from "./latency.ts";
import { fillHookwave } from "./modes/hookwave.ts";
import { fillPerJob } from "./modes/per-job.ts";
import type { Receiver } from "./receivers.ts";
import type { DeliveryMode, PublishMode, Round } from "./report.ts";
import type { ServedPlan } from "./served.ts";
import { type Measured, measuredSchema } from "./stopwatch.ts";
import type { Ground, Setup, Stretch } from "./workload.ts";

interface Plan {
  readonly rounds: number;
  readonly deliveries: Readonly<Record<DeliveryMode, Stretch>>;
  readonly publishing: Readonly<Record<PublishMode, Stretch>>;
  readonly latency: Stretch;
  readonly served: ServedPlan;
}

/** `thousands` are measured after a quarter as many for warming up. */
const stretch = (thousands: number): Stretch => ({ skip: 250 * thousands, count: 1_000 * thousands });

const seconds = (warmUp: number, measured: number): Stretch => ({
  skip: warmUp * EVENTS_PER_SECOND,
  count: measured * EVENTS_PER_SECOND,
});

export const FULL: Plan = {
  rounds: 4,
  // Each long enough to be at its pace: Node compiles what is hot only after some seconds of it.
  deliveries: { raw: stretch(40), perJob: stretch(12), hookwave: stretch(30) },
  publishing: { singleAdd: stretch(8), publish: stretch(20), publishMany: stretch(40) },
  latency: seconds(2, 10),
  served: { seconds: [3, 6], steadyEvents: [3_000, 2_000] },
};

export const QUICK: Plan = {
  rounds: 1,
  deliveries: { raw: stretch(1), perJob: stretch(1), hookwave: stretch(1) },
  publishing: { singleAdd: stretch(1), publish: stretch(1), publishMany: stretch(4) },
  latency: seconds(0.2, 1),
  served: { seconds: [1, 1], steadyEvents: [20, 50] },
};

export async function runDeliveries(
  { rounds, deliveries }: Plan,
  ground: Ground,
  sink: Receiver,
): Promise<readonly Round<DeliveryMode>[]> {
  const run = async (mode: DeliveryMode, fill?: (setup: Setup) => Promise<void>): Promise<Measured> => {
    const setup = { ...ground, ...deliveries[mode], receiverUrl: sink.url };
    await emptyRedis(ground.redisUrl);
    await fill?.(setup);
    const before = await sink.posts();
    const measured = await measure(mode, setup);
    const expected = setup.skip + setup.count;
    const got = (await sink.posts()) - before;
    if (got !== expected) throw new Error(`${mode}: expected ${expected} deliveries at the sink, got ${got}`);
    return measured;
  };
  return await inRounds(rounds, async () => ({
    raw: await run("raw"),
    perJob: await run("perJob", fillPerJob),
    hookwave: await run("hookwave", fillHookwave),
  }));
}

export async function runPublishing(
  { rounds, publishing }: Plan,
  ground: Ground,
): Promise<readonly Round<PublishMode>[]> {
  const run = async (mode: PublishMode): Promise<Measured> => {
    await emptyRedis(ground.redisUrl);
    return await measure(mode, { ...ground, ...publishing[mode], receiverUrl: "" });
  };
  return await inRounds(rounds, async () => ({
    singleAdd: await run("singleAdd"),
    publish: await run("publish"),
    publishMany: await run("publishMany"),
  }));
}

async function inRounds<Result>(rounds: number, run: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  while (results.length < rounds) results.push(await run());
  return results;
}

async function measure(mode: DeliveryMode | PublishMode, setup: Setup): Promise<Measured> {
  const child = await startChild("run-mode.ts", mode, JSON.stringify(setup));
  await child.stop();
  return measuredSchema.parse(child.said);
}
