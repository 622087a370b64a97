/**
 * A shelf: events that wait for a time or a phase and are no jobs meanwhile, however many they are. A sorted set has
 * their times, a hash has the events themselves.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { KeptEvent, Shelf } from "../bus/ports.ts";
import type { EventId } from "../core/brand.ts";
import { publishedEventSchema } from "../core/stored.ts";
import { answersOf } from "./answers.ts";
import type { Keys, ShelfName } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

const keptSchema = z.object({
  // Versions before wrote none.
  place: z.string().exactOptional(),
  event: publishedEventSchema,
  holder: z.string(),
  acceptedAt: z.number(),
});

const REMOVE = `
redis.call('HDEL', KEYS[2], unpack(ARGV))
redis.call('ZREM', KEYS[1], unpack(ARGV))`;

/** An entry begins with its place. */
const TAKE = `
for i = 1, #ARGV, 2 do
  local text = redis.call('HGET', KEYS[2], ARGV[i])
  if text and (string.match(text, '^{"place":"([^"]*)"') or '') == ARGV[i + 1] then
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('ZREM', KEYS[1], ARGV[i])
  end
end`;

export function createShelf(redis: Redis, keys: Keys, name: ShelfName): Shelf {
  const { times, events } = keys.shelf(name);
  const runRemove = prepareScript(redis, REMOVE);
  const runTake = prepareScript(redis, TAKE);
  const remove = async (ids: readonly string[]): Promise<void> => {
    if (ids.length === 0) return;
    // Also from a Redis that is out of memory, which takes no transaction.
    await runRemove([times, events], ids);
  };
  return {
    add: async (kept, dueAt) => {
      const place = randomUUID();
      const texts = kept.flatMap(({ event, holder, acceptedAt }) => [
        event.id,
        JSON.stringify({ place, event, holder, acceptedAt }),
      ]);
      const due = kept.flatMap((one) => [dueAt(one), one.event.id]);
      await answersOf(
        redis
          .multi()
          .hset(events, ...texts)
          .zadd(times, "NX", ...due)
          .exec(),
      );
    },
    due: async (untilMs, most, skipped = 0) => {
      const until = Number.isFinite(untilMs) ? untilMs : "+inf";
      const ids = await redis.zrangebyscore(times, "-inf", until, "LIMIT", skipped, most);
      if (ids.length === 0) return [];
      const texts = await redis.hmget(events, ...ids);
      const read = texts.map((text) => (text === null ? null : readText(keptSchema, text)));
      await remove(ids.filter((_, index) => read[index] === null));
      return read.flatMap((one): readonly KeptEvent[] => (one === null ? [] : [one]));
    },
    remove: (ids: readonly EventId[]) => remove(ids),
    take: async (found) => {
      if (found.length === 0) return;
      const places = found.flatMap(({ event, place = "" }) => [event.id, place]);
      await runTake([times, events], places);
    },
    count: async (untilMs) =>
      untilMs === undefined ? await redis.zcard(times) : await redis.zcount(times, "-inf", untilMs),
  };
}
