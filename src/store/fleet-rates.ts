/**
 * The rates that a whole fleet keeps together: how often an attempt may begin with an endpoint. Attempts are spread
 * evenly (GCRA, the generic cell rate algorithm of ATM): 60 a minute is one a second. What cannot begin soon is given
 * a turn of its own, each behind the one before it, so that thousands do not all come back to find it taken.
 * Redis' clock is the only one: a fleet's own differ.
 */
import { z } from "zod";
import type { EndpointId } from "../core/brand.ts";
import type { RateLimit } from "../core/endpoint.ts";
import type { FleetRate } from "../deliver/ports.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/** `begin`: in so many ms, few enough to wait for. `hold`: come back after so many ms. */
export interface FleetRates extends FleetRate {
  /** Ms until what is new could begin; takes no turn. */
  readonly look: (id: EndpointId, limit: RateLimit) => Promise<number>;
}

/** A delivery that may begin within this time waits for it in its worker, and so begins on time. */
const SOON_MS = 200;
/** A held one comes back this long before its turn: an idle Redis wakes whoever waits for a job up to 100 ms late. */
const EARLY_MS = 150;
/** A turn that nobody has taken for so long will not be soon: its delivery is gone, or its worker too busy. */
const PATIENCE_MS = 100;
/** A delivery that takes turns of others leaves room for them before it, in case they come after all. */
const BESIDE_LINE_MS = SOON_MS / 2;
/** Turns are given out for so long ahead; what comes then is asked again, and so notices a changed limit. */
const LINE_MAX_MS = 10 * 60_000;

// One that waits and may not go yet is promised the next turn, however often it asks. `free` is when the next attempt
// may begin, `booked` where the next turn lies, `due` when the next of those who wait is to come. There is a line for
// as long as `booked` is ahead of `free`. Where nobody of it comes when it is due, what is new may begin until somebody
// does: 10,000 deliveries due at once keep a fleet so busy that those with a turn come seconds late, and one new
// attempt for each turn missed was 26 a second of 100. Older workers write no `due`. The DEL is there for a Redis that
// is out of memory: see event-ledger.ts.
const ENTER = `
local interval, as = tonumber(ARGV[1]), ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local free, booked, due = 0, 0, 0
local found = redis.call('GET', KEYS[1])
if found then
  local first, second, third = string.match(found, '(%S+) (%S+) ?(%S*)')
  free, booked = tonumber(first), tonumber(second)
  due = tonumber(third) or free
end
local begin = math.max(free, now)
local hasWaited, isLine = as == 'waited', booked > begin
local soon = (isLine and not hasWaited) and ${BESIDE_LINE_MS} or ${SOON_MS}
local goes = begin - now <= soon and (hasWaited or not isLine or due <= now - ${PATIENCE_MS})
local turn = (goes or hasWaited) and begin or math.max(begin, booked)
local wait = math.ceil(turn - now)
if as == 'look' then return {0, wait} end
if goes then
  free = begin + interval
  if hasWaited then due = free end
elseif hasWaited then booked, due = math.max(booked, turn + interval), turn
elseif wait > ${LINE_MAX_MS} then return {-1, wait}
else
  if not isLine then due = turn end
  booked = turn + interval
end
redis.call('DEL', KEYS[1])
local keep = math.ceil(math.max(free, booked) - now)
redis.call('SET', KEYS[1], string.format('%.3f %.3f %.3f', free, booked, due), 'PX', keep)
return {goes and 1 or 0, wait}`;

const answer = z.tuple([z.number(), z.number()]);

/** `dice` is in [0, 1). */
export function createFleetRates(redis: Redis, keys: Keys, dice: () => number): FleetRates {
  const runEnter = prepareScript(redis, ENTER);
  const ask = async (id: EndpointId, limit: RateLimit, as: "new" | "waited" | "look") =>
    answer.parse(await runEnter([keys.rate(id, limit)], [limit.perMs / limit.count, as]));
  return {
    enter: async (id, limit, hasWaited) => {
      const [given, waitMs] = await ask(id, limit, hasWaited ? "waited" : "new");
      if (given === 1) return { kind: "begin", inMs: waitMs };
      // The line is full: to come back before it ends, and not all at once.
      if (given === -1) return { kind: "hold", inMs: (LINE_MAX_MS * (1 + dice())) / 2 };
      return { kind: "hold", inMs: Math.max(1, waitMs - EARLY_MS) };
    },
    look: async (id, limit) => (await ask(id, limit, "look"))[1],
  };
}
