/** A lease on one of the bus' chores, so that one process of the fleet does it at a time; it ends by itself. */
import type { TakeLease } from "../bus/ports.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

const TAKE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** `holder` names this process. */
export function createBusLease(redis: Redis, keys: Keys, holder: string): TakeLease {
  const runTake = prepareScript(redis, TAKE);
  return async (name, leaseMs) => (await runTake([keys.busLease(name)], [holder, leaseMs])) === 1;
}
