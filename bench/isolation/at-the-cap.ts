/**
 * An ordinary burst for an endpoint that is at its cap, beside the same events for one without a cap in its way, which come
 * at the pace at which the first one takes them: then each costs more than in a burst, parked or not.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost } from "../finding.ts";
import { DATA } from "../workload.ts";
import type { Case } from "./case.ts";
import { type Ground, openGround } from "./ground.ts";

const BURST = 4_000;
const ANSWER_MS = 50;

export const atTheCap: Case = {
  name: "a burst for an endpoint at its cap",
  run: async ({ isQuick }) => {
    const burst = isQuick ? 200 : BURST;
    await using ground = await openGround();
    const url = ground.troubledUrl(`/after/${ANSWER_MS}`);
    await ground.endpoint("wide", url, { events: ["wide.made"], maxInFlight: 1_000 });
    await ground.endpoint("narrow", url, { events: ["narrow.made"], maxInFlight: 10 });
    for (const type of ["wide.made", "narrow.made"]) await costOf(ground, type, burst);
    const idle = await idleCost(ground, isQuick ? 1 : 5);
    const capped = await costOf(ground, "narrow.made", burst);
    const free = await during(ground, () =>
      ground.publish("wide.made", Math.round(burst / capped.seconds), Math.round(capped.seconds)),
    );
    const atOnce = await costOf(ground, "wide.made", burst);
    const each = (cost: Cost, of: "workerUs" | "redisUs"): number =>
      (cost[of] - idle[of] * cost.seconds) / burst;
    return (["workerUs", "redisUs"] as const).map((of) =>
      atMost(
        `${of}: ${each(capped, of).toFixed(0)} µs each of unhindered ${each(free, of).toFixed(0)} µs (in a burst ${each(atOnce, of).toFixed(0)})`,
        each(capped, of) / each(free, of),
        1.3,
        "×",
      ),
    );
  },
};

interface Cost {
  readonly workerUs: number;
  readonly redisUs: number;
  readonly seconds: number;
}

/** Per second: a burst that takes longer must not pay for the time that passes. */
async function idleCost(ground: Ground, seconds: number): Promise<Cost> {
  const cost = await during(ground, () => sleep(seconds * 1_000));
  return { workerUs: cost.workerUs / seconds, redisUs: cost.redisUs / seconds, seconds: 1 };
}

function costOf(ground: Ground, type: string, burst: number): Promise<Cost> {
  return during(ground, async () => {
    const before = (await ground.worked()).delivered;
    await ground.control.publishMany(Array.from({ length: burst }, () => ({ type, data: DATA })));
    while ((await ground.worked()).delivered < before + burst) await sleep(200);
  });
}

async function during({ redis, worked }: Ground, work: () => Promise<unknown>): Promise<Cost> {
  const redisUs = async (): Promise<number> => {
    const info = await redis.info("cpu");
    const seconds = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
    return 1_000_000 * (seconds("used_cpu_sys") + seconds("used_cpu_user"));
  };
  const startedAt = performance.now();
  const [{ cpuUs }, before] = [await worked(), await redisUs()];
  await work();
  return {
    workerUs: (await worked()).cpuUs - cpuUs,
    redisUs: (await redisUs()) - before,
    seconds: (performance.now() - startedAt) / 1_000,
  };
}
