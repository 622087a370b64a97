/**
 * Measures a stretch of work: from one tick to a later one, so that start-up and warm-up stay out of the figures
 * and every mode is measured in the same way. CPU is that of this whole process (its garbage collector and
 * compiler threads, too) and that of the whole Redis.
 */
import { z } from "zod";
import { connectRedis, type Redis } from "../src/store/redis.ts";
import type { Setup } from "./workload.ts";

export const measuredSchema = z.object({
  perSecond: z.number(),
  cpuUsEach: z.number(),
  redisCpuUsEach: z.number(),
});
export type Measured = z.output<typeof measuredSchema>;

export interface Stopwatch {
  readonly tick: (times?: number) => void;
  /** Settles after the last tick of the stretch. */
  readonly measured: Promise<Measured>;
}

interface Reading {
  readonly ticks: number;
  readonly atMs: number;
  readonly cpuUs: number;
  readonly redisCpuUs: Promise<number>;
}

export function createStopwatch({ skip, count, redisUrl }: Setup): Stopwatch {
  const redis = connectRedis(redisUrl, "watcher", () => undefined);
  const { promise: measured, resolve } = Promise.withResolvers<Measured>();
  let ticks = 0;
  let begin: Reading | null = null;
  let isOver = false;

  const read = (): Reading => {
    const { user, system } = process.cpuUsage();
    return { ticks, atMs: performance.now(), cpuUs: user + system, redisCpuUs: cpuUsOf(redis) };
  };

  return {
    tick: (times = 1) => {
      ticks += times;
      if (begin === null && ticks >= skip) begin = read();
      if (begin === null || isOver || ticks < skip + count) return;
      isOver = true;
      resolve(between(begin, read()).finally(() => redis.disconnect()));
    },
    measured,
  };
}

async function between(begin: Reading, end: Reading): Promise<Measured> {
  const done = end.ticks - begin.ticks;
  const redisCpuUs = (await end.redisCpuUs) - (await begin.redisCpuUs);
  return {
    perSecond: (1_000 * done) / (end.atMs - begin.atMs),
    cpuUsEach: (end.cpuUs - begin.cpuUs) / done,
    redisCpuUsEach: redisCpuUs / done,
  };
}

/** CPU of the whole Redis so far. */
export async function cpuUsOf(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const seconds = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return 1_000_000 * (seconds("used_cpu_sys") + seconds("used_cpu_user"));
}
