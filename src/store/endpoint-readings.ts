/**
 * Readings of endpoints in trouble, for the metrics: what waits for each, and since when it fails. Hundreds at once, by one
 * script: four commands for each were a third of a scrape's CPU (46 ms instead of 30, docs/benchmarks.md).
 */
import { z } from "zod";
import type { EndpointId } from "../core/brand.ts";
import type { EndpointReading } from "../core/readings.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

export type WaitingReading = Omit<EndpointReading, "heldBecause">;

/** Redis does nothing else meanwhile. */
const TOGETHER = 500;
const KEYS_EACH = 3;

const READ = `
local found = {}
for at = 1, #KEYS, ${KEYS_EACH} do
  local oldest = redis.call('ZRANGE', KEYS[at], 0, 0, 'WITHSCORES')
  found[#found + 1] = {
    redis.call('ZCARD', KEYS[at]), oldest[2] or false, redis.call('ZCARD', KEYS[at + 1]),
    unpack(redis.call('HMGET', KEYS[at + 2], 'failing_since', 'failed_ms'))
  }
end
return found`;

const answerSchema = z.array(
  z.tuple([
    z.number(),
    z.coerce.number().nullable(),
    z.number(),
    z.string().nullable(),
    z.coerce.number().nullable(),
  ]),
);

interface Place {
  readonly redis: Redis;
  readonly keys: Keys;
}

type Answers = z.output<typeof answerSchema>;

/** In the order of the ids; each place has a part of what waits, and one has the health. */
export function createEndpointReadings(places: readonly Place[], disableAfterMs: number, now: () => number) {
  const asks = places.map(({ redis, keys }) => {
    const run = prepareScript(redis, READ);
    return async (ids: readonly EndpointId[]): Promise<Answers> => {
      const asked = ids.flatMap((id) => [keys.waiting(id), keys.line(id).times, keys.health(id)]);
      return answerSchema.parse(await run(asked, []));
    };
  });
  const since = (timeMs: number | null): number => (timeMs === null ? 0 : Math.max(0, now() - timeMs));
  const readSome = async (ids: readonly EndpointId[]): Promise<readonly WaitingReading[]> => {
    const answers = await Promise.all(asks.map((ask) => ask(ids)));
    return ids.map((endpointId, at) => {
      const [waiting, oldestAcceptedAt, held, failingSince, failedMs] = answers
        .flatMap((some) => some.slice(at, at + 1))
        .reduce(added, NOTHING);
      return {
        endpointId,
        retrying: Math.max(0, waiting - held),
        held,
        oldestOwedMs: since(oldestAcceptedAt),
        failingMs: since(failingSince === null ? null : Date.parse(failingSince)),
        // Of never there is no part.
        disablingRatio: disableAfterMs === 0 ? 0 : Math.min(1, (failedMs ?? 0) / disableAfterMs),
      };
    });
  };
  return async (ids: readonly EndpointId[]): Promise<readonly WaitingReading[]> => {
    const parts = Array.from({ length: Math.ceil(ids.length / TOGETHER) }, (_, n) =>
      readSome(ids.slice(n * TOGETHER, (n + 1) * TOGETHER)),
    );
    return (await Promise.all(parts)).flat();
  };
}

const NOTHING: Answers[number] = [0, null, 0, null, null];

function added(sum: Answers[number], one: Answers[number]): Answers[number] {
  const [waiting, oldest, held, failingSince, failedMs] = one;
  const earliest = sum[1] === null || oldest === null ? (sum[1] ?? oldest) : Math.min(sum[1], oldest);
  return [sum[0] + waiting, earliest, sum[2] + held, sum[3] ?? failingSince, sum[4] ?? failedMs];
}
