/**
 * Statistics of each endpoint: what was delivered and given up since it was added, and the attempts of the last day by
 * the hour. Attempts are counted by the attempt log, in the command that records them; what is given up is counted
 * by its burial, because much of it ends without an attempt. A replayed delivery counts again with its new end.
 */
import type { AttemptRecord } from "../core/attempt.ts";
import type { EndpointId } from "../core/brand.ts";
import { bucketOf, quantileMs } from "../core/histogram.ts";
import type { EndpointStatistics, Spell } from "../core/statistics.ts";
import { answersOf } from "./answers.ts";
import { type Counters, countersIn, sumOf } from "./counters.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

export interface Statistics {
  readonly read: (id: EndpointId) => Promise<EndpointStatistics>;
}

const HOURS = 24;
const HOUR_MS = 60 * 60 * 1_000;
/** From an hour's last attempt on: longer than anybody reads it. */
export const HOUR_KEPT_MS = (HOURS + 1) * HOUR_MS;

/** A counter of the hash of an hour: the attempts that took so long and were `d`elivered, or were not. */
export const attemptField = ({ outcome, durationMs }: AttemptRecord): string =>
  `${outcome === "delivered" ? "d" : "f"}${bucketOf(durationMs)}`;
const ATTEMPT_FIELD = /^([df])(\d{1,3})$/;

/** The same for the attempts that delivered what had been delivered before. */
export const AGAIN_FIELD = "again";

/** The hour of an ISO 8601 time, as its key is named. */
export const hourOf = (at: string): string => at.slice(0, "2026-01-31T12".length);

/** Every key that may hold something of this endpoint now. */
export function statisticsKeys(keys: Keys, id: EndpointId, nowMs: number): readonly string[] {
  // An hour's key outlives the last hour that is read.
  return [keys.statistics(id), ...hoursUntil(nowMs, HOURS + 2).map((hour) => keys.statisticsHour(id, hour))];
}

/** Counters of an endpoint: its totals, then each of these hours; and the deliveries that wait. */
type ReadCounted = (
  id: EndpointId,
  hours: readonly string[],
) => Promise<{ readonly counters: readonly Counters[]; readonly waiting: number }>;

export const createStatistics = (redis: Redis, keys: Keys, now: () => number): Statistics =>
  statisticsOver([createCounted(redis, keys)], now);

/** Counted where the events lie, and added up here. */
export function statisticsOver(shards: readonly ReadCounted[], now: () => number): Statistics {
  return {
    read: async (id) => {
      const hours = hoursUntil(now(), HOURS);
      const counted = await Promise.all(shards.map((read) => read(id, hours)));
      const sumAt = (at: number): Counters => sumOf(counted.map(({ counters }) => counters[at] ?? {}));
      const [totals, counters] = [sumAt(0), hours.map((_, at) => sumAt(at + 1))];
      return {
        delivered: totals["delivered"] ?? 0,
        buried: totals["buried"] ?? 0,
        waiting: counted.reduce((sum, { waiting }) => sum + waiting, 0),
        lastDay: spellOf(counters),
        hours: hours.map((hour, index) => ({
          startsAt: `${hour}:00:00.000Z`,
          ...spellOf([counters[index] ?? {}]),
        })),
      };
    },
  };
}

export function createCounted(redis: Redis, keys: Keys): ReadCounted {
  return async (id, hours) => {
    const pipeline = redis.pipeline().hgetall(keys.statistics(id));
    for (const hour of hours) pipeline.hgetall(keys.statisticsHour(id, hour));
    const [answers, waiting] = await Promise.all([answersOf(pipeline.exec()), redis.zcard(keys.waiting(id))]);
    return { counters: countersIn(answers), waiting };
  };
}

/** Oldest first. */
function hoursUntil(nowMs: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    hourOf(new Date(nowMs - (count - 1 - index) * HOUR_MS).toISOString()),
  );
}

function spellOf(hours: readonly Counters[]): Spell {
  const counts = new Map<number, number>();
  let [attempts, delivered, failed, buried] = [0, 0, 0, 0];
  for (const [field, count] of hours.flatMap((hour) => Object.entries(hour))) {
    if (field === "buried") buried += count;
    if (field === AGAIN_FIELD) delivered -= count;
    const [, end, digits] = ATTEMPT_FIELD.exec(field) ?? [];
    if (digits === undefined) continue;
    attempts += count;
    if (end === "d") delivered += count;
    else failed += count;
    counts.set(Number(digits), (counts.get(Number(digits)) ?? 0) + count);
  }
  return {
    attempts,
    delivered,
    failed,
    buried,
    p50Ms: quantileMs(counts, 0.5),
    p99Ms: quantileMs(counts, 0.99),
  };
}
