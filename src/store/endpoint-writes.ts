/**
 * The two writes that change which endpoints there are: storing one over what was read, and removing one with all
 * that is known of it. Each makes a new version of the whole and tells the fleet of it in the same step.
 */
import { z } from "zod";
import type { EndpointId } from "../core/brand.ts";
import { breakerNews, endpointNews } from "./changes.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import { statisticsKeys } from "./statistics.ts";

/** Stands for any text, where a swap is to write over whatever is there. */
export const ANYTHING = "*";
export const NOTHING = "";

// Writes only over the text that was read (empty: only where there is none; '*': over anything), then tells the fleet.
const SWAP = `
local found = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if ARGV[2] ~= '*' and found ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], ARGV[4] .. version)
return version`;

// KEYS: endpoints, version, channel, open breakers, then all that is the endpoint's own.
const REMOVE = `
local found = redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('DEL', unpack(KEYS, 5))
local version = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', KEYS[3], ARGV[2] .. version)
redis.call('PUBLISH', KEYS[3], ARGV[3])
return { found, version }`;

const removed = z.tuple([z.number(), z.number()]);

/** Stores `text` over `over`; resolves with the new version, or 0 where something else is there. */
export function prepareSwap(redis: Redis, keys: Keys) {
  const runSwap = prepareScript(redis, SWAP);
  const own = [keys.endpoints, keys.endpointsVersion, keys.changes];
  return async (id: EndpointId, over: string, text: string): Promise<number> =>
    Number(await runSwap(own, [id, over, text, endpointNews(id)]));
}

export function prepareRemove(redis: Redis, keys: Keys) {
  const runRemove = prepareScript(redis, REMOVE);
  const { endpoints, endpointsVersion, changes, breakers } = keys;
  return async (id: EndpointId, nowMs: number) => {
    const own = [keys.attempts(id), keys.health(id), keys.probe(id), keys.waiting(id)];
    const answer = await runRemove(
      [endpoints, endpointsVersion, changes, breakers, ...own, ...statisticsKeys(keys, id, nowMs)],
      [id, endpointNews(id), breakerNews],
    );
    const [found, version] = removed.parse(answer);
    return { existed: found === 1, version };
  };
}
