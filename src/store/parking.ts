/**
 * Parked deliveries: one line for each endpoint that has any, in the order in which they were first held. A sorted set
 * has the names, a hash the deliveries; another sorted set says when a line is to be looked at next. The lease of a line
 * is that time, put off again and again by whoever has it, so that a worker that dies is followed by another. By
 * Redis' clock.
 */
import { z } from "zod";
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { type Delivery, deliveryId, type Round, roundId } from "../core/delivery.ts";
import { isWrongType } from "../core/errors.ts";
import { createGroupCommit } from "../core/group-commit.ts";
import type { Tell } from "../core/happening.ts";
import { readVersionedDelivery, versionedDelivery } from "../core/stored.ts";
import type { ParkedDelivery, Parking } from "../deliver/ports.ts";
import type { ParkedRounds } from "../queue/ports.ts";
import { KEEP_STATE, stateField, stateText } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import { quarantine } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const KEYS_PER_DELIVERY = 4;
const ARGS_PER_DELIVERY = 7;

// KEYS: due, then per delivery its line, the line's deliveries, the index of waiting ones and its event.
const PARK = `${KEEP_STATE}${NOW}
local retention, deliveries, at = ARGV[1], tonumber(ARGV[2]), 2
for i = 0, deliveries - 1 do
  local key = 1 + i * ${KEYS_PER_DELIVERY}
  local name, heldSince, text, acceptedAt = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  redis.call('ZADD', KEYS[key + 3], acceptedAt, ARGV[at + 5])
  if ARGV[at + 7] ~= '' then keepState(KEYS[key + 4], ARGV[at + 6], ARGV[at + 7], retention, acceptedAt) end
  if redis.call('ZADD', KEYS[key + 1], 'NX', heldSince, name) == 1 then
    redis.call('HSET', KEYS[key + 2], name, text)
  end
  at = at + ${ARGS_PER_DELIVERY}
end
for i = at + 1, #ARGV, 2 do redis.call('ZADD', KEYS[1], 'NX', now + ARGV[i + 1], ARGV[i]) end`;

// A lease says how often it has been taken over from one that never gave it back. The HDEL is there for a Redis that is
// out of memory: see event-ledger.ts.
const TAKE = `${NOW}
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])) do
  local former = redis.call('HGET', KEYS[2], id)
  local crashes = former and string.match(former, '^%d+') + 1 or 0
  redis.call('HDEL', KEYS[2], id)
  redis.call('HSET', KEYS[2], id, string.format('%d %s', crashes, ARGV[1]))
  redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], id)
  taken[#taken + 1] = {id, crashes}
end
return taken`;

const HOLDS_IT = `
local function holdsIt(id)
  local lease = redis.call('HGET', KEYS[2], id)
  return lease and string.match(lease, ' (.*)') == ARGV[1]
end
`;

const RENEW = `${NOW}${HOLDS_IT}
local lost = {}
for i = 3, #ARGV do
  if holdsIt(ARGV[i]) then redis.call('ZADD', KEYS[1], 'XX', now + ARGV[2], ARGV[i]) else lost[#lost + 1] = ARGV[i] end
end
return lost`;

const SURVIVED = `${HOLDS_IT}
if holdsIt(ARGV[2]) then redis.call('HSET', KEYS[2], ARGV[2], '0 ' .. ARGV[1]) end`;

const RELEASE = `${NOW}${HOLDS_IT}
if not holdsIt(ARGV[2]) then return end
redis.call('HDEL', KEYS[2], ARGV[2])
if redis.call('ZCARD', KEYS[3]) == 0 then redis.call('ZREM', KEYS[1], ARGV[2])
else redis.call('ZADD', KEYS[1], 'XX', now + ARGV[3], ARGV[2]) end`;

// A line in work is looked at anyway, and its time is its lease.
const BRING_FORWARD = `${NOW}
if not redis.call('ZSCORE', KEYS[3], ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[3], 'XX', 0, ARGV[2])
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then redis.call('ZADD', KEYS[1], 'XX', now, ARGV[1]) end
return 1`;

// No transaction: a Redis that is out of memory takes none, and what is done has to go then, too.
const REMOVE = `
local last = 1 + ARGV[1]
redis.call('HDEL', KEYS[2], unpack(ARGV, 2, last))
redis.call('ZREM', KEYS[1], unpack(ARGV, 2, last))
if #ARGV > last then redis.call('ZREM', KEYS[3], unpack(ARGV, last + 1)) end`;

const PARKED_TOGETHER = 128;

const takenSchema = z.array(
  z.tuple([z.string().transform(asEndpointId), z.number()]).transform(([id, crashes]) => ({ id, crashes })),
);
const idsSchema = z.array(z.string().transform(asEndpointId));

export interface ParkingDeps {
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
  const runTake = prepareScript(redis, TAKE);
  const runRenew = prepareScript(redis, RENEW);
  const runRemove = prepareScript(redis, REMOVE);
  const runSurvived = prepareScript(redis, SURVIVED);
  const runRelease = prepareScript(redis, RELEASE);
  const commits = createGroupCommit<ToPark>({
    write: createPark(deps),
    maxItems: PARKED_TOGETHER,
    maxWrites: 2,
  });
  return {
    park: (delivery, inMs) => commits.add({ delivery, inMs }),
    takeDue: async (most, leaseMs) =>
      takenSchema.parse(await runTake([due, leases], [holder, leaseMs, most])),
    renew: async (ids, leaseMs) => idsSchema.parse(await runRenew([due, leases], [holder, leaseMs, ...ids])),
    survived: async (id) => {
      await runSurvived([due, leases], [holder, id]);
    },
    release: async (id, inMs) => {
      await runRelease([due, leases, keys.line(id).times], [holder, id, Math.ceil(inMs)]);
    },
    head: (id, most, known) => readHead(deps, id, most, known),
    remove: async (id, done) => {
      if (done.length === 0) return;
      const { times, deliveries } = keys.line(id);
      const names = done.map(({ name }) => name);
      const over = done.filter(({ goesOn }) => !goesOn).map(({ name }) => `${eventIdIn(name)}.${id}`);
      await runRemove([times, deliveries, keys.waiting(id)], [names.length, ...names, ...over]);
    },
  };
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
      ...group.flatMap(({ delivery: { endpointId, event } }) => {
        const { times, deliveries } = keys.line(endpointId);
        return [times, deliveries, keys.waiting(endpointId), keys.event(event.id)];
      }),
    ];
    const soonest = new Map<EndpointId, number>();
    for (const { delivery, inMs } of group) {
      const { endpointId } = delivery;
      soonest.set(endpointId, Math.ceil(Math.min(inMs, soonest.get(endpointId) ?? inMs)));
    }
    const args = [retentionMs, group.length, ...group.flatMap(parkedArgs), ...[...soonest].flat()];
    await runPark(scriptKeys, args).catch(async (error: unknown) => {
      if (!isWrongType(error)) throw error;
      await quarantine(redis, expectedOf(group, keys), tell);
      await runPark(scriptKeys, args);
    });
  };
}

function parkedArgs({ delivery }: ToPark): readonly (string | number)[] {
  const { endpointId, acceptedAt, round, attempts, heldSince } = delivery;
  // Of one that has been tried, the record says what came of it.
  const state =
    attempts.length > 0
      ? ""
      : stateText({ round, status: "held", attempts, nextAttemptAt: null, because: null });
  return [
    roundId(delivery),
    heldSince ?? acceptedAt,
    JSON.stringify(versionedDelivery(delivery)),
    acceptedAt,
    deliveryId(delivery),
    stateField(endpointId),
    state,
  ];
}

function expectedOf(group: readonly ToPark[], keys: Keys): Parameters<typeof quarantine>[1] {
  const { due, leases } = keys.parking;
  const lines = group.flatMap(({ delivery: { endpointId, event } }) => {
    const { times, deliveries } = keys.line(endpointId);
    return [
      { key: times, type: "zset" } as const,
      { key: deliveries, type: "hash" } as const,
      { key: keys.waiting(endpointId), type: "zset" } as const,
      { key: keys.event(event.id), type: "hash" } as const,
    ];
  });
  return [{ key: due, type: "zset" }, { key: leases, type: "hash" }, ...lines];
}

async function readHead(
  { redis, keys }: ParkingDeps,
  id: EndpointId,
  most: number,
  known: ReadonlySet<string>,
): Promise<readonly ParkedDelivery[]> {
  const { times, deliveries } = keys.line(id);
  const flat = await redis.zrange(times, 0, `${known.size + most - 1}`, "WITHSCORES");
  const names = flat.filter((name, index) => index % 2 === 0 && !known.has(name)).slice(0, most);
  if (names.length === 0) return [];
  const texts = await redis.hmget(deliveries, ...names);
  return names.map((name, index) => {
    const text = texts[index] ?? "";
    return { name, heldSince: Number(flat[flat.indexOf(name) + 1]), text, read: readVersionedDelivery(text) };
  });
}

/** An event's id holds no such sign. */
const eventIdIn = (name: string): string => name.slice(0, name.indexOf("@"));

/** Parked deliveries as people see them, and what they do to them. */
export function createParkedRounds(redis: Redis, keys: Keys): ParkedRounds {
  const { due, leases } = keys.parking;
  const runBringForward = prepareScript(redis, BRING_FORWARD);
  const runRemove = prepareScript(redis, REMOVE);
  const timesOf = ({ endpointId }: Round): string => keys.line(endpointId).times;
  return {
    dueAt: async (rounds) => {
      const pipeline = redis.pipeline();
      for (const one of rounds) pipeline.zscore(timesOf(one), roundId(one)).zscore(due, one.endpointId);
      const answers = scoresSchema.parse(await pipeline.exec());
      return rounds.map((_, index) => {
        const [[, place] = [], [, dueAt] = []] = answers.slice(index * 2);
        return place == null || dueAt == null ? null : Number(dueAt);
      });
    },
    bringForward: async (one) => {
      const args = [one.endpointId, roundId(one)];
      return (await runBringForward([due, leases, timesOf(one)], args)) === 1;
    },
    withdraw: async (one) => {
      const { times, deliveries } = keys.line(one.endpointId);
      await runRemove([times, deliveries, keys.waiting(one.endpointId)], [1, roundId(one)]);
    },
    count: async () => {
      const ids = await redis.zrange(due, 0, "-1");
      const pipeline = redis.pipeline();
      for (const id of ids) {
        const { times } = keys.line(asEndpointId(id));
        pipeline.zcard(times).zrange(times, 0, "0", "WITHSCORES");
      }
      const answers = (await pipeline.exec()) ?? [];
      let [depth, oldest] = [0, Number.POSITIVE_INFINITY];
      for (let at = 0; at < answers.length; at += 2) {
        depth += Number(answers[at]?.[1] ?? 0);
        oldest = Math.min(oldest, Number(headSchema.parse(answers[at + 1]?.[1])[1] ?? oldest));
      }
      return { depth, oldestHeldSince: Number.isFinite(oldest) ? oldest : null };
    },
  };
}

const scoresSchema = z.array(z.tuple([z.null(), z.string().nullable()]));
const headSchema = z.array(z.string());
