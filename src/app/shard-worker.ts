/**
 * Wires a worker's work in one shard: its queues, its ledger and its lines, around the one deliver stage that a process has. In
 * an installation that is not divided, that is all of the work.
 */
import { system } from "../config/system.ts";
import type { EndpointId } from "../core/brand.ts";
import type { PublishedEvent } from "../core/event.ts";
import { tellFailure } from "../core/happening.ts";
import { byShard } from "../core/shards.ts";
import { createDispatch } from "../deliver/dispatch.ts";
import { createDrainLine } from "../deliver/drain-line.ts";
import type { Bus, Outbox, Parking, RecordAttempt } from "../deliver/ports.ts";
import { createResume } from "../deliver/resume.ts";
import { createWakeUps } from "../deliver/wake-ups.ts";
import { type DurableWorker, drain } from "../queue/durable-worker.ts";
import { createOutbox } from "../queue/outbox.ts";
import { watchQueue } from "../queue/quarantine.ts";
import { handOnEvents, type Queues } from "../queue/queues.ts";
import { createDeliveriesWorker, createEventsWorker, type WorkerDeps } from "../queue/workers.ts";
import { type Climb, createAttemptLog } from "../store/attempt-log.ts";
import { createBurial } from "../store/burial.ts";
import { createEventLedger, type KnowEndpoints } from "../store/event-ledger.ts";
import type { createHealthLog } from "../store/health-log.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import { createParking } from "../store/parking.ts";
import { createWaitingIndex } from "../store/waiting.ts";
import type { DeliverStage, WorkerWiring } from "./deliver-stage.ts";
import type { OpenShard, OpenShards } from "./shards.ts";

/** The part of a worker that is the same in all of its shards. */
interface SharedWork {
  readonly deps: WorkerWiring;
  readonly opened: OpenShards;
  readonly stage: DeliverStage;
  readonly bus: Bus;
  readonly climb: Climb;
  /** Null where each attempt's record says what it means for its endpoint's health. */
  readonly health: ReturnType<typeof createHealthLog> | null;
}

interface ShardWorker {
  readonly record: RecordAttempt;
  /** Has this process its endpoint's line of this shard in work? */
  readonly isDraining: (id: EndpointId) => boolean;
  /** Does its Redis answer? */
  readonly isThere: () => boolean;
  readonly isConsuming: () => boolean;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Within the grace; false where that was not possible. */
  readonly drain: () => Promise<boolean>;
  /** A write that fails from now on is not tried again. */
  readonly giveUp: () => void;
  /** Writes what is left to be recorded. */
  readonly flush: (isDrained: boolean) => Promise<void>;
}

export function startShardWorker(shared: SharedWork, shard: OpenShard): ShardWorker {
  const { deps, health, climb, stage } = shared;
  const { config, tell } = deps;
  const { redis, keys } = shard;
  const { eventRetentionMs: retentionMs } = config;
  const attempts = createAttemptLog(redis, keys, retentionMs, tell, climb, health?.note ?? null);
  const outbox = openOutbox(deps, shard);
  const ledger = createEventLedger(redis, keys, retentionMs, tell, knowEndpoints(deps));
  const waiting = createWaitingIndex(redis, keys, retentionMs, tell);
  const parking = createParking({ redis, keys, retentionMs, holder: system.uuid(), tell });
  const park: Parking["park"] = async (delivery, inMs) => {
    await parking.park(delivery, inMs);
    wakeUps.expect(inMs);
  };
  const { deliver, limits, slots, directory } = stage;
  const own = { ledger, deliver, slots, outbox, waiting, parking: { ...parking, park }, system };
  const drainLine = createDrainLine({ ...own, limits, fail: tellFailure(tell, "drain_line") });
  const inWork = new Set<EndpointId>();
  const wakeUps = createWakeUps({ parking, drainLine, inWork, tell, system });
  const workerDeps = depsOf(shared, shard, outbox);
  const dispatch = createDispatch({ ...own, endpoints: directory, bus: shared.bus, tell });
  const working = run(shared, shard, outbox, [
    createEventsWorker(dispatch, workerDeps),
    createDeliveriesWorker(createResume(own), workerDeps),
  ]);
  wakeUps.start();
  return {
    ...working,
    record: attempts.record,
    isDraining: (id) => inWork.has(id),
    pause: () => {
      wakeUps.pause();
      working.pause();
    },
    resume: () => {
      wakeUps.start();
      working.resume();
    },
    drain: async () => {
      const [isDrained] = await Promise.all([working.drain(), wakeUps.stop(config.shutdownGraceMs)]);
      return isDrained;
    },
    giveUp: attempts.giveUp,
    flush: async (isDrained) => {
      if (isDrained && working.isThere()) await attempts.idle();
    },
  };
}

/**
 * At home, where a producer that knows of no shards adds its jobs: they are handed on, and nothing is sent from there. Jobs
 * that cannot be read are buried in the first shard, which may be away as any other.
 */
export function startEntrance(shared: SharedWork): Omit<ShardWorker, "record" | "isDraining"> {
  const { home } = shared.opened;
  const outbox = openOutbox(shared.deps, shared.deps.shards.all[0]);
  const nothing = async (): Promise<void> => undefined;
  const worker = createEventsWorker(nothing, depsOf(shared, home, outbox));
  return { ...run(shared, home, outbox, [worker]), giveUp: () => undefined, flush: nothing };
}

/**
 * An endpoint that was added before an event was published gets it, however late the news of it are. Where home is away, which
 * says it, the shards go on with what is known.
 */
function knowEndpoints({ endpoints, shards, tell }: WorkerWiring): KnowEndpoints {
  const fail = tellFailure(tell, "know_endpoints");
  let known: string | null = null;
  return async (version) => {
    if (version === known) return;
    try {
      await endpoints.catchUpSoon();
      known = version;
    } catch (error) {
      if (shards.all.length === 1) throw error;
      fail(error);
    }
  };
}

function openOutbox({ config, endpoints, tell }: WorkerWiring, { redis, keys, queues }: OpenShard): Outbox {
  const isHeard = () => endpoints.isHeard("delivery.dead_lettered");
  const { eventRetentionMs: retentionMs } = config;
  const buryDelivery = createBurial({ redis, keys, retentionMs, system, tell, isHeard });
  return createOutbox({ queues, letters: createLetterIndex(redis, keys), buryDelivery, tell });
}

function depsOf({ deps }: SharedWork, shard: OpenShard, outbox: Outbox): WorkerDeps {
  const { config, shards, tell } = deps;
  return {
    connection: shard.redis,
    prefix: shard.prefix,
    concurrency: Math.ceil(config.workerConcurrency / shards.all.length),
    system,
    onError: tellFailure(tell, "worker"),
    queues: shard.queues,
    outbox,
    sort: shards.all.length === 1 ? null : sortIn(shard, deps),
    tell,
  };
}

/**
 * Events of other shards go over the connections that publish: where a worker's would wait for a shard that is away, these
 * fail, and the job keeps its slot from nobody.
 */
function sortIn(shard: OpenShard, { shards, tell }: WorkerWiring): WorkerDeps["sort"] {
  const here = shards.all.find(({ prefix }) => prefix === shard.prefix);
  const fail = tellFailure(tell, "hand_on");
  return (batch) => {
    const parts = byShard(shards, batch.events, ({ id }) => id);
    const handOn = async ([{ queues }, events]: readonly [OpenShard, readonly PublishedEvent[]]) => {
      try {
        await handOnEvents(queues, shard.prefix, { ...batch, events });
        return [];
      } catch (error) {
        fail(error);
        return events;
      }
    };
    return {
      own: here === undefined ? [] : (parts.get(here) ?? []),
      handOn: async () => {
        const strays = [...parts].filter(([part]) => part !== here);
        return (await Promise.all(strays.map(handOn))).flat();
      },
    };
  };
}

/** Runs BullMQ's workers with a watch over each of their queues. */
function run(
  { deps }: SharedWork,
  { redis, queues }: OpenShard,
  { bury }: Outbox,
  workers: readonly DurableWorker[],
) {
  const { config, tell } = deps;
  const watches = watchedQueues(queues).map((queue) =>
    watchQueue({
      keys: redis,
      toKey: (name) => queue.toKey(name),
      bury,
      now: system.now,
      onError: tellFailure(tell, "quarantine"),
    }),
  );
  for (const [at, worker] of workers.entries()) {
    worker.on("error", (error) => watches[at]?.meet(error));
    worker.run().catch(tellFailure(tell, "worker_run"));
  }
  const isThere = (): boolean => redis.status === "ready";
  return {
    isThere,
    isConsuming: () =>
      workers.every((worker) => worker.isRunning() && !worker.isPaused() && worker.isHandedJobs),
    pause: () => {
      for (const worker of workers) worker.pause(true).catch(tellFailure(tell, "worker_pause"));
    },
    resume: () => {
      for (const worker of workers) worker.resume().catch(tellFailure(tell, "worker_resume"));
    },
    drain: async () => {
      for (const watch of watches) watch.stop();
      // Workers that only waited for jobs are drained without it.
      const drained = await Promise.all(
        workers.map((worker) => drain(worker, config.shutdownGraceMs, isThere)),
      );
      return drained.every(Boolean);
    },
  };
}

const watchedQueues = ({ events, deliveries }: Queues) => [events, deliveries];
