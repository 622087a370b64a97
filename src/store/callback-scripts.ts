/**
 * The scripts that write stored callbacks. Each is a hash; sorted sets name them by their place in the order, which is
 * microseconds that never go back: all, those that nobody has seen, that are invalid, that are unsigned, each of everything
 * and of one source; and one set for each standing, with the bytes it takes, by which room is made. The sets' names depend on
 * what is found, so that they are made from the first key, which has the same hash tag.
 */
import type { Keys } from "./keys.ts";

/** Sets that are counted. */
export const FACETS = ["all", "unseen", "invalid", "unsigned"] as const;
export type Facet = (typeof FACETS)[number];

export const facetKey = ({ inbox }: Keys, source: string | null, facet: Facet): string =>
  source === null ? `${inbox}:${facet}` : `${inbox}:of:${source}:${facet}`;
export const callbackKey = ({ inbox }: Keys, id: string): string => `${inbox}:callback:${id}`;
export const sequenceKey = ({ inbox }: Keys): string => `${inbox}:sequence`;

/** Places in the order in one millisecond. */
export const PLACES_PER_MS = 1_000;
/** For each stored callback beside its body: its hash, and its places in the sets. */
const OVERHEAD_BYTES = 2_048;
/** Callbacks that one write removes at the most, so that it stays short; the next goes on. */
const REMOVED_MAX = 500;

const COMMON = `
local inbox = KEYS[1]
local function set(source, facet)
  return source and inbox .. ':of:' .. source .. ':' .. facet or inbox .. ':' .. facet
end
local function enter(source, facet, at, id)
  redis.call('ZADD', set(nil, facet), at, id)
  redis.call('ZADD', set(source, facet), at, id)
end
local function leave(source, facet, id)
  redis.call('ZREM', set(nil, facet), id)
  redis.call('ZREM', set(source, facet), id)
end
local function hashOf(id) return inbox .. ':callback:' .. id end
local function standingSet(standing) return inbox .. ':standing:' .. standing end
local function forget(id)
  local standing, bytes, source = string.match(redis.call('HGET', inbox .. ':weights', id) or '', '^(%a+):(%d+):(.*)$')
  if not standing then return end
  for _, facet in ipairs({ '${FACETS.join("', '")}' }) do leave(source, facet, id) end
  redis.call('ZREM', standingSet(standing), id)
  redis.call('HINCRBY', inbox .. ':bytes', standing, -tonumber(bytes))
  redis.call('HDEL', inbox .. ':weights', id)
end
local function drop(id)
  forget(id)
  redis.call('DEL', hashOf(id))
end`;

// ARGV: id, source, standing, signature, digest of the body, now, retention, content, body, and the bounds: of refused ones,
// of others, and of the others' bytes. Answers with the copies, and how many were removed before their time.
export const STORE = `${COMMON}
local id, source, standing, signature, digest = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now, retention, key = tonumber(ARGV[6]), tonumber(ARGV[7]), hashOf(ARGV[1])
local had, was = unpack(redis.call('HMGET', key, 'digest', 'signature'))
local copies = redis.call('HINCRBY', key, 'copies', 1)
redis.call('HSET', key, 'last', ARGV[6])
if had == digest and was == signature then return { copies, 0 } end

forget(id)
local at = math.max(now * ${PLACES_PER_MS}, tonumber(redis.call('GET', inbox .. ':sequence') or '0') + 1)
local place = string.format('%.0f', at)
redis.call('SET', inbox .. ':sequence', place)
redis.call('HDEL', key, 'seen')
redis.call('HSET', key, 'digest', digest, 'signature', signature, 'at', place, 'received', ARGV[6], 'content', ARGV[8], 'body', ARGV[9])
redis.call('PEXPIRE', key, retention)
enter(source, 'all', place, id)
enter(source, 'unseen', place, id)
if signature ~= 'valid' then enter(source, signature, place, id) end
redis.call('ZADD', standingSet(standing), place, id)
local bytes = #ARGV[9] + ${OVERHEAD_BYTES}
redis.call('HSET', inbox .. ':weights', id, standing .. ':' .. bytes .. ':' .. source)
redis.call('HINCRBY', inbox .. ':bytes', standing, bytes)

local removed, early = 0, 0
local over = string.format('%.0f', (now - retention) * ${PLACES_PER_MS})
for _, one in ipairs({ 'valid', 'flagged', 'refused' }) do
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', standingSet(one), '-inf', '(' .. over, 'LIMIT', 0, 50)) do drop(old) end
end
local function count(one) return redis.call('ZCARD', standingSet(one)) end
local function weight(one) return tonumber(redis.call('HGET', inbox .. ':bytes', one) or '0') end
local function dropOldest(one)
  local first = redis.call('ZRANGE', standingSet(one), 0, 0)[1]
  if not first or first == id then return false end
  drop(first)
  removed, early = removed + 1, early + (one == 'refused' and 0 or 1)
  return true
end
while removed < ${REMOVED_MAX} and count('refused') > tonumber(ARGV[10]) and dropOldest('refused') do end
local function isFull()
  return count('valid') + count('flagged') > tonumber(ARGV[11]) or weight('valid') + weight('flagged') > tonumber(ARGV[12])
end
while removed < ${REMOVED_MAX} and isFull() and (dropOldest('flagged') or dropOldest('valid')) do end
return { copies, early }`;

// ARGV: when it was seen, or nothing where it is not to have been; then of each its id and, where only those are meant that
// are as they were, its place. Answers how many were changed.
export const MARK = `${COMMON}
local changed = 0
for i = 2, #ARGV, 2 do
  local id, key = ARGV[i], hashOf(ARGV[i])
  local at, seen = unpack(redis.call('HMGET', key, 'at', 'seen'))
  local source = string.match(redis.call('HGET', inbox .. ':weights', id) or '', '^%a+:%d+:(.*)$')
  local isMeant = at and source and (ARGV[i + 1] == '' or ARGV[i + 1] == at)
  if isMeant and ARGV[1] ~= '' and not seen then
    redis.call('HSET', key, 'seen', ARGV[1])
    leave(source, 'unseen', id)
    changed = changed + 1
  elseif isMeant and ARGV[1] == '' and seen then
    redis.call('HDEL', key, 'seen')
    enter(source, 'unseen', at, id)
    changed = changed + 1
  end
end
return changed`;

// KEYS: one callback. Answers how often it has been forwarded, this time included; 0 where it is gone.
export const COUNT_FORWARD = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], 'forwards', 1)`;
