/**
 * Parked deliveries: one line for each endpoint that has any, in the order in which they were first held. A sorted set
 * has the names, a hash the deliveries; another sorted set says when a line is to be looked at next. The lease of a line
 * is that time, put off again and again by whoever has it, so that a worker that dies is followed by another. By
 * Redis' clock.
 */
import { z } from "zod";
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { type Delivery, deliveryId, roundId } from "../core/delivery.ts";
import { createGroupCommit } from "../core/group-commit.ts";
import type { Tell } from "../core/happening.ts";
import { SUSPECT_CRASHES } from "../core/own-failure.ts";
import { readVersionedDelivery, versionedDelivery } from "../core/stored.ts";
import type { EndedTurn, Parking } from "../deliver/ports.ts";
import { heldText, KEEP_STATE, stateField } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import { type Expected, runWithRoom } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/** Lua, to be put before a script: `now` is the time in ms by Redis' clock. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const KEYS_PER_DELIVERY = 5;
const ARGS_PER_DELIVERY = 8;

// KEYS: due and leases, then per delivery its line, the line's deliveries, the index of waiting ones, its event and the
// line's starts. One that is in its line still, from before its last attempt, is parked anew: whoever had it in work has no
// start of it any more, and so does not take it out. The ZREM is there for a Redis that is out of memory: see
// event-ledger.ts.
const PARK = `${KEEP_STATE}${NOW}
redis.call('ZREM', KEYS[1], '')
local retention, deliveries, at = ARGV[1], tonumber(ARGV[2]), 2
for i = 0, deliveries - 1 do
  local key = 2 + i * ${KEYS_PER_DELIVERY}
  local name, heldSince, text, acceptedAt = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  if not isOver(KEYS[key + 4], ARGV[at + 6], ARGV[at + 8], acceptedAt) then
    redis.call('ZADD', KEYS[key + 3], acceptedAt, ARGV[at + 5])
  end
  if ARGV[at + 7] ~= '' then keepState(KEYS[key + 4], ARGV[at + 6], ARGV[at + 7], retention, acceptedAt) end
  redis.call('HDEL', KEYS[key + 5], name)
  redis.call('ZADD', KEYS[key + 1], heldSince, name)
  redis.call('HSET', KEYS[key + 2], name, text)
  at = at + ${ARGS_PER_DELIVERY}
end
for i = at + 1, #ARGV, 2 do
  local how = redis.call('HEXISTS', KEYS[2], ARGV[i]) == 1 and 'NX' or 'LT'
  redis.call('ZADD', KEYS[1], how, now + ARGV[i + 1], ARGV[i])
end`;

// The HDEL is there for a Redis that is out of memory: see event-ledger.ts.
const TAKE_DUE = `${NOW}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])
for _, id in ipairs(due) do
  redis.call('HDEL', KEYS[2], id)
  redis.call('HSET', KEYS[2], id, ARGV[1])
  redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], id)
end
return due`;

const RENEW = `${NOW}
local lost = {}
redis.call('HDEL', KEYS[2], '')
for i = 3, #ARGV do
  if redis.call('HGET', KEYS[2], ARGV[i]) == ARGV[1] then redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[i])
  else lost[#lost + 1] = ARGV[i] end
end
return lost`;

const RELEASE = `${NOW}
if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[1] then return end
redis.call('HDEL', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[4])
if redis.call('ZCARD', KEYS[3]) == 0 then redis.call('ZREM', KEYS[1], ARGV[2])
else redis.call('ZADD', KEYS[1], 'XX', now + ARGV[3], ARGV[2]) end`;

/** Starts that are not ended are crashes; a suspect is begun by itself. */
const TAKE = `
redis.call('HDEL', KEYS[2], '')
local taken = {}
for i = 1, #ARGV do
  local text = redis.call('HGET', KEYS[1], ARGV[i])
  if not text then redis.call('ZREM', KEYS[3], ARGV[i]) end
  local starts = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0)
  if text and starts < ${SUSPECT_CRASHES} then redis.call('HINCRBY', KEYS[2], ARGV[i], 1) end
  taken[i * 2 - 1], taken[i * 2] = text or '', starts
end
return taken`;

const BEGIN = `
redis.call('HDEL', KEYS[1], '')
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)`;

// No transaction: a Redis that is out of memory takes none, and what is done has to go then, too. ARGV: whose lease it has
// to be ('' for nobody's), the endpoint, how many leave the line, and how many of them are over; then the names that leave,
// those that stay, and the ids of those that are over. One that has no start was parked anew meanwhile, and stays.
export const END = `
local leaving, over = tonumber(ARGV[3]), tonumber(ARGV[4])
local names, holder = #ARGV - over, ARGV[1]
if holder ~= '' and redis.call('HGET', KEYS[5], ARGV[2]) ~= holder then return end
for i = 5, names do
  local isMarked = redis.call('HDEL', KEYS[4], ARGV[i]) == 1 or holder == ''
  if isMarked and i < 5 + leaving then
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('ZREM', KEYS[1], ARGV[i])
    if i < 5 + over then redis.call('ZREM', KEYS[3], ARGV[names + i - 4]) end
  end
end`;

const PARKED_TOGETHER = 128;

/** Of each its text, empty where there is none, and its starts so far. */
const takenSchema = z.array(z.string().or(z.number()));
const idsSchema = z.array(z.string().transform(asEndpointId));

interface ParkingDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  /** For how long the record of an event is kept, in ms. */
  readonly retentionMs: number;
  /** The name of this process among those that take leases. */
  readonly holder: string;
  readonly tell: Tell;
}

export function createParking(deps: ParkingDeps): Parking {
  const { redis, keys, holder } = deps;
  const { due, leases } = keys.parking;
  const runTakeDue = prepareScript(redis, TAKE_DUE);
  const runRenew = prepareScript(redis, RENEW);
  const runRelease = prepareScript(redis, RELEASE);
  const runBegin = prepareScript(redis, BEGIN);
  const runEnd = prepareScript(redis, END);
  const commits = createGroupCommit<ToPark>({
    write: createPark(deps),
    maxItems: PARKED_TOGETHER,
    maxWrites: 2,
  });
  return {
    park: (delivery, inMs) => commits.add({ delivery, inMs }),
    takeDue: async (most, leaseMs) =>
      idsSchema.parse(await runTakeDue([due, leases], [holder, leaseMs, most])),
    renew: async (ids, leaseMs) => idsSchema.parse(await runRenew([due, leases], [holder, leaseMs, ...ids])),
    release: async (id, inMs) => {
      const { times, starts } = keys.line(id);
      await runRelease([due, leases, times, starts], [holder, id, Math.ceil(inMs)]);
    },
    take: createTake(deps),
    begin: async (id, name) => {
      await runBegin([keys.line(id).starts], [name]);
    },
    end: async (id, ended) => {
      if (ended.length === 0) return;
      await runEnd(...endOf(id, ended, holder, keys));
    },
  };
}

/** Keys and arguments of `END`. */
export function endOf(
  id: EndpointId,
  ended: readonly EndedTurn[],
  holder: string,
  keys: Keys,
): [readonly string[], readonly (string | number)[]] {
  const namesOf = (where: EndedTurn["goesTo"]): readonly string[] =>
    ended.filter(({ goesTo }) => goesTo === where).map(({ name }) => name);
  const [over, inJobs, staying] = [namesOf("nowhere"), namesOf("job"), namesOf("line")];
  const { times, deliveries, starts } = keys.line(id);
  return [
    [times, deliveries, keys.waiting(id), starts, keys.parking.leases],
    [
      ...[holder, id, over.length + inJobs.length, over.length, ...over, ...inJobs, ...staying],
      ...over.map((name) => `${eventIdIn(name)}.${id}`),
    ],
  ];
}

interface ToPark {
  readonly delivery: Delivery;
  readonly inMs: number;
}

function createPark({
  redis,
  keys,
  retentionMs,
  tell,
}: ParkingDeps): (group: readonly ToPark[]) => Promise<void> {
  const runPark = prepareScript(redis, PARK);
  return async (group) => {
    const scriptKeys = [
      keys.parking.due,
      keys.parking.leases,
      ...group.flatMap(({ delivery: { endpointId, event } }) => {
        const { times, deliveries, starts } = keys.line(endpointId);
        return [times, deliveries, keys.waiting(endpointId), keys.event(event.id), starts];
      }),
    ];
    const soonest = new Map<EndpointId, number>();
    for (const { delivery, inMs } of group) {
      const { endpointId } = delivery;
      soonest.set(endpointId, Math.ceil(Math.min(inMs, soonest.get(endpointId) ?? inMs)));
    }
    const args = [retentionMs, group.length, ...group.flatMap(parkedArgs), ...[...soonest].flat()];
    const run = () => runPark(scriptKeys, args);
    await runWithRoom(redis, () => expectedOf(group, keys), tell, run);
  };
}

function parkedArgs({ delivery }: ToPark): readonly (string | number)[] {
  const { endpointId, acceptedAt, round, attempts, heldSince } = delivery;
  // Of one that has been tried, the record says what came of it.
  const state = attempts.length > 0 ? "" : heldText(delivery);
  return [
    roundId(delivery),
    heldSince ?? acceptedAt,
    JSON.stringify(versionedDelivery(delivery)),
    acceptedAt,
    deliveryId(delivery),
    stateField(endpointId),
    state,
    round,
  ];
}

function expectedOf(group: readonly ToPark[], keys: Keys): readonly Expected[] {
  const { due, leases } = keys.parking;
  const lines = group.flatMap(({ delivery: { endpointId, event } }) => {
    const { times, deliveries, starts } = keys.line(endpointId);
    return [
      { key: times, type: "zset" } as const,
      { key: deliveries, type: "hash" } as const,
      { key: starts, type: "hash" } as const,
      { key: keys.waiting(endpointId), type: "zset" } as const,
      { key: keys.event(event.id), type: "hash" } as const,
    ];
  });
  return [{ key: due, type: "zset" }, { key: leases, type: "hash" }, ...lines];
}

function createTake({ redis, keys }: ParkingDeps): Parking["take"] {
  const runTake = prepareScript(redis, TAKE);
  return async (id, most, known) => {
    const { times, deliveries, starts } = keys.line(id);
    const flat = await redis.zrange(times, 0, `${known.size + most - 1}`, "WITHSCORES");
    const first = flat
      .flatMap((name, at) => (at % 2 === 0 ? [{ name, heldSince: Number(flat[at + 1]) }] : []))
      .filter(({ name }) => !known.has(name))
      .slice(0, most);
    if (first.length === 0) return [];
    const names = first.map(({ name }) => name);
    const answers = takenSchema.parse(await runTake([deliveries, starts, times], names));
    // One without a text was taken out of the line meanwhile.
    return first.flatMap((one, at) => {
      const [text, crashes] = [String(answers[at * 2]), Number(answers[at * 2 + 1])];
      return text === "" ? [] : [{ ...one, text, read: readVersionedDelivery(text), crashes }];
    });
  };
}

/** An event's id holds no such sign. */
const eventIdIn = (name: string): string => name.slice(0, name.indexOf("@"));
