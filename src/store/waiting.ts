/**
 * Deliveries that wait for another attempt, of each endpoint, by the time they were accepted: what an operator asks
 * when one receiver is ill. An index for people, not the truth: the jobs are. Adding or removing twice does no harm,
 * and a re-run after a crash puts right what was missed. What ends a delivery takes it out in the same step, and nothing
 * that has ended comes in again: a run that has lost its job may still be about to add it.
 */
import type { EndpointId } from "../core/brand.ts";
import { deliveryId, type Round } from "../core/delivery.ts";
import type { Tell } from "../core/happening.ts";
import type { Shards } from "../core/shards.ts";
import type { WaitingIndex } from "../deliver/ports.ts";
import { heldText, IS_REGISTERED, KEEP_STATE, LEAVE, stateField } from "./event-record.ts";
import type { Keys } from "./keys.ts";
import { type Expected, runWithRoom } from "./quarantine.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

interface Backlog {
  readonly waiting: number;
  /** Epoch ms at which the oldest of them was accepted; null when nothing waits. */
  readonly oldestAcceptedAt: number | null;
}

export interface WaitingDeliveries extends WaitingIndex {
  readonly read: (id: EndpointId) => Promise<Backlog>;
}

// Without a state one has been tried, and its attempt's record says what came of it.
const ADD = `${KEEP_STATE}${IS_REGISTERED}
local acceptedAt, member, field, state, retention, round, id, incarnation = unpack(ARGV)
redis.call('ZREM', KEYS[1], '')
if isOver(KEYS[2], field, round, acceptedAt) then return end
local _, isAnothers = isRegistered(KEYS[3], id, incarnation)
if isAnothers then return end
redis.call('ZADD', KEYS[1], acceptedAt, member)
if state ~= '' then keepState(KEYS[2], field, state, retention, acceptedAt) end`;

const REMOVE = `${KEEP_STATE}${LEAVE}
leave(KEYS[2], ARGV[3], KEYS[1], ARGV[2], ARGV[1])`;

export function createWaitingIndex(
  redis: Redis,
  keys: Keys,
  retentionMs: number,
  tell: Tell,
): WaitingDeliveries {
  const runAdd = prepareScript(redis, ADD);
  const runRemove = prepareScript(redis, REMOVE);
  const keysOf = ({ endpointId, event }: Round): readonly string[] => [
    keys.waiting(endpointId),
    keys.event(event.id),
  ];
  const expectedOf = ({ endpointId, event }: Round): readonly Expected[] => [
    { key: keys.waiting(endpointId), type: "zset" },
    { key: keys.event(event.id), type: "hash" },
  ];
  const namesOf = (one: Round) => [one.acceptedAt, deliveryId(one), stateField(one.endpointId)] as const;
  return {
    add: async (delivery) => {
      const { round, attempts } = delivery;
      const state = attempts.length > 0 ? "" : heldText(delivery);
      const { endpointId, incarnation = "" } = delivery;
      const args = [...namesOf(delivery), state, retentionMs, round, endpointId, incarnation];
      const run = () => runAdd([...keysOf(delivery), keys.endpoints], args);
      await runWithRoom(redis, () => expectedOf(delivery), tell, run);
    },
    remove: async (one) => {
      const run = () => runRemove(keysOf(one), namesOf(one));
      await runWithRoom(redis, () => expectedOf(one), tell, run);
    },
    read: async (id) => {
      const [waiting, oldest] = await Promise.all([
        redis.zcard(keys.waiting(id)),
        redis.zrange(keys.waiting(id), 0, "0", "WITHSCORES"),
      ]);
      const acceptedAt = oldest[1];
      return { waiting, oldestAcceptedAt: acceptedAt === undefined ? null : Number(acceptedAt) };
    },
  };
}

export function waitingOver(shards: Shards<WaitingDeliveries>): WaitingDeliveries {
  if (shards.all.length === 1) return shards.all[0];
  return {
    add: (delivery) => shards.of(delivery.event.id).add(delivery),
    remove: (one) => shards.of(one.event.id).remove(one),
    read: async (id) => {
      const backlogs = await Promise.all(shards.all.map((index) => index.read(id)));
      const oldest = backlogs.flatMap(({ oldestAcceptedAt }) => oldestAcceptedAt ?? []);
      return {
        waiting: backlogs.reduce((sum, { waiting }) => sum + waiting, 0),
        oldestAcceptedAt: oldest.length === 0 ? null : Math.min(...oldest),
      };
    },
  };
}
