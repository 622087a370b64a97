/**
 * The ladder: how near an endpoint that fails without one success is to being disabled. It is climbed in the script that
 * records attempts, and each step is told in that script: once for a fleet, whoever dies afterwards. Time counts only between
 * failures, by Redis' clock, and no pause between two of them counts for more than a quarter of the whole: an endpoint that
 * nobody sends anything, an outage of ours and a clock that jumps climb one step at most, and no warning is left out.
 */
import { z } from "zod";
import { asEndpointId, type EndpointId } from "../core/brand.ts";

/** Steps of the ladder before the last. */
const WARNINGS = 3;
const STEPS = WARNINGS + 1;

/** The step at which an endpoint is to be disabled, as it is stored. */
export const TOP = String(STEPS);

/** A step that the script has taken. `due`: the endpoint is to be disabled, unless it succeeds before that is done. */
export type Step =
  | {
      readonly kind: "failing";
      readonly endpointId: EndpointId;
      /** Of the whole. */
      readonly percent: number;
      readonly failedMs: number;
    }
  | { readonly kind: "recovered" | "due"; readonly endpointId: EndpointId };

const answerSchema = z.array(
  z.tuple([z.string(), z.enum(["failing", "recovered", "due"]), z.number(), z.number()]),
);

export function readSteps(answer: unknown): readonly Step[] {
  if (answer === null) return [];
  return answerSchema.parse(answer).map(([id, kind, percent, failedMs]) => {
    const endpointId = asEndpointId(id);
    return kind === "failing" ? { kind, endpointId, percent, failedMs } : { kind, endpointId };
  });
}

/** Fields of an endpoint's health that begin anew with it. */
const CLIMB_FIELDS = "'failing_since', 'failed_ms', 'failed_at', 'failures', 'step'";

/**
 * Lua, to be put before a script. `follow(news, health, one, at, disableAfter)`: what the four arguments from `at` on say of an
 * endpoint, those of tallies.ts. `startAnew(health)`: nothing of the climb is left, but that a warning was told.
 *
 * `climb(news, health, one, since, failures, last, disableAfter)`: it has failed since then; `failures` of that count, and
 * `last` is the last of them as members of JSON. `succeed(news, health, one, at)`. `one` is the endpoint: its `id`, its
 * `incarnation`, and whether it `isActive`. Both add what they have done to `steps`, and to `news` what operators are told:
 * a fact of operator-events.ts.
 */
export const LADDER = `
local steps = {}
local function startAnew(health)
  redis.call('HDEL', health, ${CLIMB_FIELDS})
end
local function redisNow()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function whole(number) return string.format('%.0f', number) end
local function tellOperators(news, what, one, since, now, more)
  local key = 'evt_' .. redis.sha1hex(table.concat({ what, one.id, one.incarnation, since, whole(now), more }, ' '))
  local text = '{"type":"' .. what .. '","at":' .. whole(now) .. ',"since":' .. cjson.encode(since) ..
    ',"endpointId":' .. cjson.encode(one.id) .. ',"incarnation":' .. cjson.encode(one.incarnation)
  redis.call('HSET', news, key, text .. more .. '}')
end
local function climb(news, health, one, since, failures, last, disableAfter)
  if redis.call('HSETNX', health, 'failing_since', since) == 1 then
    redis.call('HDEL', health, 'failed_ms', 'failed_at', 'failures', 'step')
  end
  if failures == 0 or disableAfter == 0 or not one.isActive then return end
  local now = redisNow()
  local found = redis.call('HMGET', health, 'failed_at', 'failed_ms', 'step', 'failing_since', 'told_since')
  local pause = math.min(math.max(now - (tonumber(found[1]) or now), 0), disableAfter / ${STEPS})
  local failedMs, before = (tonumber(found[2]) or 0) + pause, tonumber(found[3]) or 0
  local step = math.min(math.floor(failedMs * ${STEPS} / disableAfter), before + 1, ${STEPS})
  local count = redis.call('HINCRBY', health, 'failures', failures)
  redis.call('HSET', health, 'failed_at', whole(now), 'failed_ms', whole(failedMs), 'step', step)
  if step == ${STEPS} then
    steps[#steps + 1] = { one.id, 'due', 0, 0 }
  elseif step > before then
    local level = step * 100 / ${STEPS}
    if not found[5] then redis.call('HSET', health, 'told_since', found[4]) end
    tellOperators(news, 'endpoint.failing', one, found[4], now, ',"level":' .. level .. ',"failures":' .. count ..
      ',"leftMs":' .. whole(math.max(disableAfter - failedMs, 0)) .. ',' .. last)
    steps[#steps + 1] = { one.id, 'failing', level, math.floor(failedMs) }
  end
end
local function succeed(news, health, one, at)
  redis.call('HSET', health, 'last_success_at', at)
  startAnew(health)
  if not one.isActive then return end
  local since = redis.call('HGET', health, 'told_since')
  if not since then return end
  redis.call('HDEL', health, 'told_since')
  tellOperators(news, 'endpoint.recovered', one, since, redisNow(), '')
  steps[#steps + 1] = { one.id, 'recovered', 0, 0 }
end
local function follow(news, health, one, at, disableAfter)
  if ARGV[at] ~= '' then succeed(news, health, one, ARGV[at]) end
  if ARGV[at + 1] ~= '' then
    climb(news, health, one, ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3], disableAfter)
  end
end
`;
