/**
 * Counts requests in windows that a whole fleet shares, for the API's rate limits. A window begins with its first
 * request and is forgotten with its end.
 */
import { z } from "zod";
import type { CountRequest } from "../core/access.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

const COUNT = `
local current = redis.call('INCR', KEYS[1])
if current == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { current, redis.call('PTTL', KEYS[1]) }`;

const answer = z.tuple([z.number(), z.number()]);

export function createRequestCounter(redis: Redis, keys: Keys): CountRequest {
  const runCount = prepareScript(redis, COUNT);
  return async (who, windowMs) => {
    const [current, ttl] = answer.parse(await runCount([`${keys.rateLimits}${who}`], [windowMs]));
    return { current, ttl };
  };
}
