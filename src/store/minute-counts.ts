/**
 * Counts of what the whole fleet does, minute by minute: a hash for each, to which a group of attempts adds with the command that records
 * it, whatever the number of its attempts. A group is counted in the minute in which the latest of its attempts began; those
 * beside it may have begun earlier. What is given up is counted by its burial, because much of it ends without an attempt.
 */
import type { FinishedAttempt } from "../core/attempt.ts";
import { bucketOf, quantileMs } from "../core/histogram.ts";
import type { StatisticsPoint } from "../core/statistics.ts";
import { answersOf } from "./answers.ts";
import { type Counters, countersIn, sumOf } from "./counters.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

/** From a minute's last count on: longer than anybody reads it. */
export const MINUTE_KEPT_MS = 25 * 60 * 60 * 1_000;
const MINUTE_MS = 60_000;
const READ_TOGETHER = 240;

/** The minute of an ISO 8601 time, as its key is named. */
export const minuteOf = (at: string): string => at.slice(0, "2026-01-31T12:59".length);

/** Lua: what a group adds to its minute, of which `firsts` were delivered for the first time. */
export const COUNT_MINUTE = `
local function countMinute(minute, firsts, from)
  if firsts > 0 then redis.call('HINCRBY', minute, 'delivered', firsts) end
  for field = from, #ARGV, 2 do redis.call('HINCRBY', minute, ARGV[field], ARGV[field + 1]) end
  redis.call('PEXPIRE', minute, ${MINUTE_KEPT_MS})
end
`;

export const latestMinute = (group: readonly FinishedAttempt[]): string =>
  minuteOf(
    group.reduce((latest, { record: { startedAt } }) => (startedAt > latest ? startedAt : latest), ""),
  );

/** Fields and what is added to each. How long a first attempt took is counted from when its event was accepted. */
export function minuteArgs(group: readonly FinishedAttempt[]): readonly (string | number)[] {
  const counts = new Map<string, number>([["attempts", group.length]]);
  const add = (field: string): void => void counts.set(field, (counts.get(field) ?? 0) + 1);
  for (const { record, acceptedAt } of group) {
    if (record.outcome !== "delivered") add("failed");
    if (record.attemptNumber > 1) add("retried");
    else if (record.round === 0) {
      const tookMs = Date.parse(record.startedAt) + record.durationMs - acceptedAt;
      add(`w${bucketOf(Math.max(0, tookMs))}`);
    }
  }
  return [...counts].flat();
}

/** A point for each minute from `since` to `until`, both epoch ms, oldest first. */
export type ReadMinutes = (since: number, until: number) => Promise<readonly StatisticsPoint[]>;

/** Counters of each of these minutes. */
type ReadCounters = (minutes: readonly string[]) => Promise<readonly Counters[]>;

export const createMinutes = (redis: Redis, keys: Keys): ReadMinutes =>
  minutesOver([createMinuteCounters(redis, keys)]);

/** Counted where the events lie, and added up here: quantiles do not add up. */
export function minutesOver(shards: readonly ReadCounters[]): ReadMinutes {
  const readSome = async (minutes: readonly string[]): Promise<readonly StatisticsPoint[]> => {
    const counted = await Promise.all(shards.map((read) => read(minutes)));
    return minutes.map((minute, at) => pointOf(minute, sumOf(counted.map((counters) => counters[at] ?? {}))));
  };
  return async (since, until) => {
    const first = Math.floor(since / MINUTE_MS);
    const count = Math.max(0, Math.floor(until / MINUTE_MS) - first + 1);
    const minutes = Array.from({ length: count }, (_, at) =>
      minuteOf(new Date((first + at) * MINUTE_MS).toISOString()),
    );
    const points: StatisticsPoint[] = [];
    for (let at = 0; at < minutes.length; at += READ_TOGETHER)
      points.push(...(await readSome(minutes.slice(at, at + READ_TOGETHER))));
    return points;
  };
}

export function createMinuteCounters(redis: Redis, keys: Keys): ReadCounters {
  return async (minutes) => {
    const pipeline = redis.pipeline();
    for (const minute of minutes) pipeline.hgetall(keys.statisticsMinute(minute));
    return countersIn(await answersOf(pipeline.exec()));
  };
}

const WAIT_FIELD = /^w(\d{1,3})$/;

function pointOf(minute: string, counters: Counters): StatisticsPoint {
  const countOf = (field: string): number => counters[field] ?? 0;
  const waits = new Map<number, number>();
  for (const [field, count] of Object.entries(counters)) {
    const bucket = WAIT_FIELD.exec(field)?.[1];
    if (bucket !== undefined) waits.set(Number(bucket), count);
  }
  return {
    at: `${minute}:00.000Z`,
    attempts: countOf("attempts"),
    delivered: countOf("delivered"),
    failed: countOf("failed"),
    retried: countOf("retried"),
    buried: countOf("buried"),
    firstAttemptP95Ms: quantileMs(waits, 0.95),
  };
}
