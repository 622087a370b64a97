/**
 * Wires a worker's side of the legacy bus: what dispatching asks, what attempts tell, and the keeper of what waits.
 */
import { createBus } from "../bus/announce.ts";
import { createGatheringWriter } from "../bus/gather.ts";
import { createKeeper, type KeeperDeps } from "../bus/keeper.ts";
import { createOpenWebhooks } from "../bus/open-webhooks.ts";
import { busTarget } from "../bus/target.ts";
import { createBusWriter } from "../bus/writer.ts";
import { system } from "../config/system.ts";
import type { EndpointId } from "../core/brand.ts";
import { SKEW_MAX_MS } from "../core/clock-skew.ts";
import { tellFailure } from "../core/happening.ts";
import { phaseAt } from "../core/migration.ts";
import type { Bus, RecordAttempt } from "../deliver/ports.ts";
import type { Queues } from "../queue/queues.ts";
import { createBusLease } from "../store/bus-lease.ts";
import { createMigrationCounter } from "../store/migration-counts.ts";
import { createParityStore } from "../store/parity.ts";
import { createShelf } from "../store/shelf.ts";
import type { Ground } from "./fleet-state.ts";
import { answersThatCame, enqueueWhereTaken, stateOfShards } from "./over-shards.ts";
import type { Publishing } from "./publishing.ts";
import type { OpenShard } from "./shards.ts";

interface WorkerBus {
  readonly bus: Bus;
  /** Records an attempt as it is handed in, and learns from it. */
  readonly recordThrough: (record: RecordAttempt) => RecordAttempt;
  readonly start: () => void;
  /** From now on no event waits for others to go along with it. */
  readonly hurry: () => void;
  /** Ends the work under way; with `isRedisThere` its counts are written, too. */
  readonly stop: (isRedisThere: boolean) => Promise<void>;
}

/** A bus that takes longer is left alone: deliveries wait for it. */
const WRITE_DEADLINE_MS = 100;

type Wiring = Ground & Pick<Publishing, "migration" | "busLink">;

/**
 * Home is asked over the worker's own connection, which waits an outage out. Of shards, one of which may be away, those that
 * refuse at once are asked: the others' events need not wait for it.
 */
export function wireWorkerBus(wiring: Wiring, home: OpenShard): WorkerBus {
  const { config, migration, shards, tell } = wiring;
  const { redis, keys } = home;
  const { now } = system;
  const target = busTarget(config);
  const limits = { deadlineMs: WRITE_DEADLINE_MS, system };
  const writer = createBusWriter({ link: wiring.busLink, target, tell, ...limits });
  const gathering = createGatheringWriter({ writer, ...limits });
  const shelves = {
    late: createShelf(redis, keys, "late"),
    fallback: createShelf(redis, keys, "fallback"),
    backlog: createShelf(redis, keys, "backlog"),
  };
  const parity = createParityStore(redis, keys, config.eventRetentionMs, now);
  const counter = createMigrationCounter(redis, keys, now, tell);
  const shared = {
    currentSwitch: migration.current,
    target,
    writer,
    ...shelves,
    count: counter.count,
    tell,
    now,
  };
  const webhooks = createOpenWebhooks({
    ...shared,
    parity,
    endpointId: config.legacyRedisEndpoint,
    mayBeOwed: (acceptedAt) => {
      const stand = migration.known();
      return phaseAt(stand, now()) !== "webhook" || acceptedAt < stand.since + SKEW_MAX_MS;
    },
  });
  const keeper = createKeeper({
    ...shared,
    deliveredOf: readDelivered(wiring, webhooks.endpointId),
    takeLease: createBusLease(redis, keys, system.uuid()),
    enqueueKept: (kept) => enqueueWhereTaken(shards, kept, tellFailure(tell, "release_kept_events")),
    waitingJobs: async () => {
      const asked = shards.all.map(({ queues }) => countWaiting(queues));
      const counts = await answersThatCame(asked, tellFailure(tell, "count_waiting_jobs"));
      return counts.reduce((sum, count) => sum + count, 0);
    },
  });
  const dispatching = { ...shared, writer: gathering, parity, webhooks };
  return {
    bus: createBus({ ...dispatching, fallbackAfterMs: config.redisFallbackAfterMs }),
    recordThrough: (record) => (finished) =>
      target.takes(finished.record.eventType)
        ? record(finished).then(() => webhooks.note(finished))
        : record(finished),
    start: keeper.start,
    hurry: gathering.hurry,
    stop: async (isRedisThere) => {
      const stopped = keeper.stop();
      // Its questions wait for Redis as long as it takes, and would keep the process as long.
      if (isRedisThere) await Promise.all([stopped, webhooks.idle(), counter.flush()]);
    },
  };
}

const countWaiting = ({ events }: Queues): Promise<number> =>
  events.getJobCountByTypes("waiting", "prioritized");

/** From the ledgers that answer, for who could not hear of it in time. */
function readDelivered(wiring: Wiring, endpointId: EndpointId): KeeperDeps["deliveredOf"] {
  const stateOf = stateOfShards(wiring);
  const fail = tellFailure(wiring.tell, "read_delivered");
  return async (kept) => {
    const asked = kept.map(async ({ event, acceptedAt }) => {
      const state = await stateOf({ event, endpointId, acceptedAt });
      return [event.id, state?.status === "delivered"] as const;
    });
    return new Map(await answersThatCame(asked, fail));
  };
}
