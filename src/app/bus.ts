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
import { phaseAt } from "../core/migration.ts";
import type { Bus, RecordAttempt } from "../deliver/ports.ts";
import type { Queues } from "../queue/queues.ts";
import { createBusLease } from "../store/bus-lease.ts";
import { createMigrationCounter } from "../store/migration-counts.ts";
import { createParityStore } from "../store/parity.ts";
import { createShelf } from "../store/shelf.ts";
import type { Ground } from "./fleet-state.ts";
import { enqueueInShards, stateOfShards } from "./over-shards.ts";
import type { Publishing } from "./publishing.ts";
import type { OpenShards } from "./shards.ts";

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

/** Over the worker's own connection, which waits an outage out. */
export function wireWorkerBus(wiring: Wiring, { home, shards }: OpenShards): WorkerBus {
  const { config, migration, tell } = wiring;
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
    enqueueKept: (kept) => enqueueInShards(shards, kept),
    waitingJobs: async () => {
      const counts = await Promise.all(shards.all.map(({ queues }) => countWaiting(queues)));
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

/** From the ledger, for who could not hear of it in time. */
function readDelivered(wiring: Wiring, endpointId: EndpointId): KeeperDeps["deliveredOf"] {
  const stateOf = stateOfShards(wiring);
  return async (kept) => {
    const states = await Promise.all(
      kept.map(({ event, acceptedAt }) => stateOf({ event, endpointId, acceptedAt })),
    );
    return new Set(kept.flatMap(({ event }, at) => (states[at]?.status === "delivered" ? [event.id] : [])));
  };
}
