/** 120,000 deliveries that wait for one dead endpoint, beside another one's retries; then it recovers. */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost } from "../finding.ts";
import { quantile } from "../quantile.ts";
import { DATA } from "../workload.ts";
import type { Case } from "./case.ts";
import { type Ground, openGround, untilTrue } from "./ground.ts";

const PARKED = 120_000;
const TOGETHER = 1_000;
const CAP = 10;
const RETRIES = 400;

export const parkedMountain: Case = {
  name: "a mountain of parked deliveries beside retries",
  run: async ({ isQuick }) => {
    const parked = isQuick ? 2_000 : PARKED;
    await using ground = await openGround();
    await ground.endpoint("ill", ground.troubledUrl("/ill"), { events: ["ill.made"], maxInFlight: CAP });
    await ground.endpoint("again", ground.troubledUrl("/first/404"), {
      ...{ events: ["again.made"], retrySchedule: [2_000], maxInFlight: 100 },
    });
    const bytes = await park(ground, parked);
    const commandsEach = await commandsPerSecond(ground, isQuick ? 2 : 20);
    await ground.publish("again.made", 40, isQuick ? 1 : RETRIES / 40);
    const retries = isQuick ? 40 : RETRIES;

    await untilTrue(async () => (await ground.worked()).delivered >= retries);
    const { lateMs } = await ground.worked();
    await ground.heal();
    const before = (await ground.troubled()).posts;
    await untilTrue(async () => (await ground.worked()).delivered >= retries + Math.min(parked, 5_000));
    const { most } = await ground.troubled();
    return [
      atMost("lateness of 2 s retries, p99", quantile(lateMs, 0.99), 250, "ms"),
      atMost("Redis commands for all that is parked", commandsEach, 100, "a second"),
      atMost("Redis for a parked delivery, with its event of 1 KB twice", bytes / 1_024, 4, "KB"),
      {
        promise: `recovery drains at the endpoint's pace: at most ${CAP} POSTs open`,
        seen: `${most} at most; it was asked ${before} times while it was ill`,
        isKept: most <= CAP + 100,
      },
    ];
  },
};

/** Resolves with the bytes of Redis that each takes. */
async function park({ control, redis, worked }: Ground, count: number): Promise<number> {
  const before = await usedMemory(redis);
  const events = Array.from({ length: TOGETHER }, () => ({ type: "ill.made", data: DATA }));
  for (let done = 0; done < count; done += TOGETHER) await control.publishMany(events);
  await untilTrue(async () => (await control.queueCounts()).new.depth === 0);
  await untilTrue(async () => (await worked()).held >= count - 100);
  // Those that were tried before the breaker opened come back, and are held.
  await sleep(5_000);
  return ((await usedMemory(redis)) - before) / count;
}

async function usedMemory(redis: Ground["redis"]): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
}

/** Of all that this Redis is asked, while nothing else happens. */
async function commandsPerSecond({ redis }: Ground, seconds: number): Promise<number> {
  const commands = async (): Promise<number> =>
    Number(/total_commands_processed:(\d+)/.exec(await redis.info("stats"))?.[1]);
  const before = await commands();
  await sleep(seconds * 1_000);
  return ((await commands()) - before) / seconds;
}
