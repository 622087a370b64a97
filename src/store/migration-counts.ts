/**
 * Counts of both ways, minute by minute: sums and latencies that a report adds up. They are gathered in the process
 * and written once a second, so an event costs next to nothing; a crash loses the last second of them. What is missing
 * is never computed from these counts: parity.ts knows it by name.
 */
import type { CountMigration } from "../bus/ports.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { bucketOf } from "../core/histogram.ts";
import { answersOf } from "./answers.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export interface MigrationCounter {
  readonly count: CountMigration;
  /** Sums of the minutes since then, by field: counts, and `b<bucket>` and `w<bucket>` for the latencies of the ways. */
  readonly read: (sinceMs: number) => Promise<ReadonlyMap<string, number>>;
  readonly flush: () => Promise<void>;
}

const MINUTE_MS = 60_000;
const KEPT_MS = 25 * 60 * MINUTE_MS;
const FLUSH_MS = 1_000;

const minuteOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, "2026-01-31T12:00".length);

export function createMigrationCounter(
  redis: Redis,
  keys: Keys,
  now: () => number,
  tell: Tell,
): MigrationCounter {
  let sums = new Map<string, number>();
  let timer: NodeJS.Timeout | null = null;

  const add = (field: string, by: number): void => {
    if (by > 0) sums.set(field, (sums.get(field) ?? 0) + by);
  };
  const flush = async (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (sums.size === 0) return;
    const written = sums;
    sums = new Map();
    const key = keys.migrationMinute(minuteOf(now()));
    const pipeline = redis.pipeline();
    for (const [field, by] of written) pipeline.hincrby(key, field, by);
    await answersOf(pipeline.pexpire(key, KEPT_MS).exec());
  };

  return {
    count: ({ busLatencies = [], webhookLatencies = [], ...counts }) => {
      for (const [field, by] of Object.entries(counts)) add(field, by);
      for (const latency of busLatencies) add(`b${bucketOf(latency)}`, 1);
      for (const latency of webhookLatencies) add(`w${bucketOf(latency)}`, 1);
      if (timer !== null || sums.size === 0) return;
      timer = setTimeout(() => void flush().catch(tellFailure(tell, "count_migration")), FLUSH_MS);
      timer.unref();
    },
    read: async (sinceMs) => {
      const until = now();
      const pipeline = redis.pipeline();
      for (let at = sinceMs - (sinceMs % MINUTE_MS); at <= until; at += MINUTE_MS) {
        pipeline.hgetall(keys.migrationMinute(minuteOf(at)));
      }
      const sum = new Map<string, number>();
      for (const hash of await answersOf(pipeline.exec())) {
        for (const [field, count] of Object.entries(Object(hash)))
          sum.set(field, (sum.get(field) ?? 0) + Number(count));
      }
      return sum;
    },
    flush,
  };
}
