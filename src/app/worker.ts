/**
 * Wires what a worker process does: store, deliver and queue stages, from the moment Redis answers to the drain.
 */
import { system } from "../config/system.ts";
import type { EndpointId, Origin } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { createAttemptSlots } from "../deliver/attempt-slots.ts";
import { createBothBreakers } from "../deliver/both-breakers.ts";
import { createConcurrencyLimits } from "../deliver/concurrency-limits.ts";
import { createDeliver } from "../deliver/deliver.ts";
import { createDispatch } from "../deliver/dispatch.ts";
import { createDrainLine } from "../deliver/drain-line.ts";
import type { OutboundProxy } from "../deliver/outbound-proxy.ts";
import type { Bus, Outbox, Parking, RecordAttempt } from "../deliver/ports.ts";
import type { Lookup } from "../deliver/resolver.ts";
import { createResume } from "../deliver/resume.ts";
import { createTransport } from "../deliver/transport.ts";
import { waitAtMost } from "../deliver/wait-at-most.ts";
import { createWakeUps } from "../deliver/wake-ups.ts";
import { disabledByReceiver } from "../endpoints/revision.ts";
import { endpointNote, SERVICE } from "../manage/audit.ts";
import { drain } from "../queue/durable-worker.ts";
import { createOutbox } from "../queue/outbox.ts";
import { watchQueue } from "../queue/quarantine.ts";
import { openQueues, type Queues } from "../queue/queues.ts";
import { createDeliveriesWorker, createEventsWorker, type WorkerDeps } from "../queue/workers.ts";
import { createAttemptLog } from "../store/attempt-log.ts";
import { createBurial } from "../store/burial.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import { createFleetRates } from "../store/fleet-rates.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import { createParking } from "../store/parking.ts";
import { createPresence } from "../store/presence.ts";
import { connectRedis, type Redis } from "../store/redis.ts";
import { createWaitingIndex } from "../store/waiting.ts";
import { VERSION } from "../wire/version.ts";
import { wireWorkerBus } from "./bus.ts";
import type { FleetState } from "./fleet-state.ts";
import { wireOperators } from "./operators.ts";
import type { Publishing } from "./publishing.ts";

export interface WorkerWiring extends FleetState, Pick<Publishing, "migration" | "busLink" | "spans"> {
  readonly policy: AddressPolicy;
  readonly lookup: Lookup;
  readonly proxy: OutboundProxy | null;
}

export interface RunningWorker {
  readonly isConsuming: () => boolean;
  /** POSTs that are open. */
  readonly inFlight: () => number;
  /** Epoch ms; undefined where no certificate has been seen. */
  readonly certificateEnd: (origin: Origin) => number | undefined;
  /** Takes no more jobs until `resume`; those in work go on. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Finishes what is open within the grace, gives the rest back, and lets go of everything. */
  readonly stop: () => Promise<void>;
}

/** A Redis that goes away meanwhile would be waited for as long as it is away. */
const LAST_WRITES_MS = 5_000;

/** Starts consuming; Redis must have answered before. */
export function startWorker(deps: WorkerWiring): RunningWorker {
  const { config, tell } = deps;
  const redis = connectRedis(deps.redisPlace, "worker", tellFailure(tell, "redis"));
  const queues = openQueues(redis, config.prefix, tellFailure(tell, "queues"));
  const operators = wireOperators(deps, redis, queues);
  const attempts = createAttemptLog(redis, deps.keys, config.eventRetentionMs, tell, operators.climb);
  const workerBus = wireWorkerBus(deps, redis, queues);
  const record = workerBus.recordThrough(attempts.record);
  const { workers, wakeUps, outbox, abandon, seen } = openWorkers(deps, redis, queues, workerBus.bus, record);
  const watches = watchQueues(queues, redis, outbox.bury, tell);
  for (const [at, worker] of workers.entries()) {
    worker.on("error", (error) => watches[at]?.meet(error));
    worker.run().catch(tellFailure(tell, "worker_run"));
  }
  workerBus.start();
  operators.start();
  wakeUps.start();
  const presence = createPresence(redis, deps.keys, tell).begin({ id: system.uuid(), version: VERSION });

  return {
    isConsuming: () =>
      redis.status === "ready" &&
      workers.every((worker) => worker.isRunning() && !worker.isPaused() && worker.isHandedJobs),
    ...seen,
    pause: () => {
      wakeUps.pause();
      for (const worker of workers) worker.pause(true).catch(tellFailure(tell, "worker_pause"));
    },
    resume: () => {
      wakeUps.start();
      for (const worker of workers) worker.resume().catch(tellFailure(tell, "worker_resume"));
    },
    stop: async () => {
      presence.stop();
      workerBus.hurry();
      for (const watch of watches) watch.stop();
      const isReady = (): boolean => redis.status === "ready";
      const [drained] = await Promise.all([
        Promise.all(workers.map((worker) => drain(worker, config.shutdownGraceMs, isReady))),
        wakeUps.stop(config.shutdownGraceMs),
      ]);
      await abandon();
      attempts.giveUp();
      // Without Redis nothing more can be written, and waiting for it would keep us from stopping.
      // Workers that only waited for jobs are drained without it.
      const isRedisThere = drained.every(Boolean) && isReady();
      const lastWrites = async (): Promise<void> => {
        const relayed = operators.stop();
        if (isRedisThere) await Promise.all([attempts.idle(), presence.leave(), relayed]);
        await workerBus.stop(isRedisThere);
        await queues.close();
      };
      await waitAtMost(LAST_WRITES_MS, lastWrites()).finally(() => redis.disconnect());
    },
  };
}

const watchQueues = (queues: Queues, redis: Redis, bury: Outbox["bury"], tell: Tell) =>
  [queues.events, queues.deliveries].map((queue) =>
    watchQueue({
      keys: redis,
      toKey: (name) => queue.toKey(name),
      bury,
      now: system.now,
      onError: tellFailure(tell, "quarantine"),
    }),
  );

function openWorkers(deps: WorkerWiring, redis: Redis, queues: Queues, bus: Bus, record: RecordAttempt) {
  const { config, keys, tell } = deps;
  const inWork = new Set<EndpointId>();
  const { abandon, seen, ...stage } = openDeliverStage(deps, record, redis, inWork);
  const { deliver, limits, slots, directory } = stage;
  const { eventRetentionMs: retentionMs } = config;
  const isHeard = () => deps.endpoints.isHeard("delivery.dead_lettered");
  const buryDelivery = createBurial({ redis, keys, retentionMs, system, tell, isHeard });
  const outbox = createOutbox({ queues, letters: createLetterIndex(redis, keys), buryDelivery, tell });
  const ledger = createEventLedger(redis, keys, config.eventRetentionMs, tell);
  const waiting = createWaitingIndex(redis, keys, config.eventRetentionMs);
  const parking = createParking({ redis, keys, retentionMs, holder: system.uuid(), tell });
  const park: Parking["park"] = async (delivery, inMs) => {
    await parking.park(delivery, inMs);
    wakeUps.expect(inMs);
  };
  const shared = { ledger, deliver, slots, outbox, waiting, parking: { ...parking, park }, system };
  const drainLine = createDrainLine({ ...shared, limits, fail: tellFailure(tell, "drain_line") });
  const wakeUps = createWakeUps({ parking, drainLine, inWork, tell, system });
  const workerDeps: WorkerDeps = {
    connection: redis,
    prefix: config.prefix,
    concurrency: config.workerConcurrency,
    system,
    onError: tellFailure(tell, "worker"),
    queues,
    outbox,
    tell,
  };
  const workers = [
    createEventsWorker(createDispatch({ ...shared, endpoints: directory, bus, tell }), workerDeps),
    createDeliveriesWorker(createResume(shared), workerDeps),
  ];
  return { workers, wakeUps, outbox, abandon, seen };
}

function openDeliverStage(
  deps: WorkerWiring,
  record: RecordAttempt,
  redis: Redis,
  inWork: ReadonlySet<EndpointId>,
) {
  const { config, tell, endpoints } = deps;
  const { policy, lookup, proxy } = deps;
  const transport = createTransport({ policy, lookup, proxy, now: system.monotonicMs });
  const limits = createConcurrencyLimits({
    ...system,
    wasBusySince: (sinceMs) => slots.wasBusySince(sinceMs),
  });
  const slots = createAttemptSlots(system, limits.isSlow);
  const breakers = createBothBreakers(
    { failureThreshold: config.breakerFailureThreshold, recoveryMs: config.breakerRecoveryMs },
    {
      shared: deps.breakers,
      endpoints,
      now: system.now,
      dice: system.dice,
      tell,
      onReopened: limits.restart,
      onOriginReopened: limits.restartOrigin,
    },
  );
  const directory = {
    get: endpoints.get,
    subscribedTo: endpoints.subscribedTo,
    reload: endpoints.reload,
    disable: async (tried: Endpoint, because: string): Promise<boolean> => {
      let isDone = false;
      const disable = (found: Endpoint): Endpoint => {
        const changed = disabledByReceiver(found, tried, because, system.now());
        isDone = changed !== found;
        return changed;
      };
      await endpoints.change(tried.id, disable, endpointNote("endpoint.disabled", SERVICE));
      return isDone;
    },
  };
  const deliver = createDeliver({
    endpoints: directory,
    transport,
    limits,
    breakers,
    rate: createFleetRates(redis, deps.keys, system.dice),
    record,
    tell,
    system,
    holdMaxAgeMs: config.holdMaxAgeMs,
    isDraining: (id) => inWork.has(id),
    beginSpan: deps.spans?.beginAttempt ?? null,
  });
  const seen = { inFlight: limits.openNow, certificateEnd: transport.certificateEnd };
  // The jobs have been drained: a POST still open is one whose job has been given back.
  const abandon = async (): Promise<void> => {
    breakers.dispose();
    await transport.abandon();
  };
  return { deliver, limits, slots, directory, abandon, seen };
}
