/**
 * Wires what a worker process does: store, deliver and queue stages, from the moment Redis answers to the drain.
 */
import type { Config } from "../config/environment.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { createBreakers } from "../deliver/breaker.ts";
import { createConcurrencyLimits } from "../deliver/concurrency-limits.ts";
import { createDeliver } from "../deliver/deliver.ts";
import { createDispatch } from "../deliver/dispatch.ts";
import type { FleetRate, Outbox } from "../deliver/ports.ts";
import { createResume } from "../deliver/resume.ts";
import { createTransport } from "../deliver/transport.ts";
import { disabledByReceiver } from "../endpoints/revision.ts";
import { drain } from "../queue/durable-worker.ts";
import { createOutbox } from "../queue/outbox.ts";
import { type Quarantine, watchQueue } from "../queue/quarantine.ts";
import { openQueues } from "../queue/queues.ts";
import { createDeliveriesWorker, createEventsWorker, type WorkerDeps } from "../queue/workers.ts";
import { type AttemptLog, createAttemptLog } from "../store/attempt-log.ts";
import type { SharedBreakers } from "../store/breakers.ts";
import type { Endpoints } from "../store/endpoints.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import { createFleetRates } from "../store/fleet-rates.ts";
import type { Keys } from "../store/keys.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import { connectRedis, type Redis } from "../store/redis.ts";
import { createStatistics } from "../store/statistics.ts";
import { createWaitingIndex } from "../store/waiting.ts";

export interface WorkerWiring {
  readonly config: Config;
  readonly policy: AddressPolicy;
  readonly redisUrl: string;
  readonly keys: Keys;
  readonly system: System;
  readonly tell: Tell;
  readonly endpoints: Endpoints;
  readonly breakers: SharedBreakers;
}

export interface RunningWorker {
  readonly isConsuming: () => boolean;
  /** Takes no more jobs until `resume`; those in work go on. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Finishes what is open within the grace, gives the rest back, and lets go of everything. */
  readonly stop: () => Promise<void>;
}

/** Starts consuming; Redis must have answered before. */
export function startWorker(deps: WorkerWiring): RunningWorker {
  const { config, tell, system } = deps;
  const redis = connectRedis(deps.redisUrl, "worker", tellFailure(tell, "redis"));
  const queues = openQueues(redis, config.prefix, tellFailure(tell, "queues"));
  const attempts = createAttemptLog(redis, deps.keys, config.eventRetentionMs, tell);
  const stage = openDeliverStage(deps, attempts, createFleetRates(redis, deps.keys, system.dice));
  const { countBuried } = createStatistics(redis, deps.keys, system.now);
  const outbox = createOutbox({ queues, letters: createLetterIndex(redis, deps.keys), countBuried, tell });
  const ledger = createEventLedger(redis, deps.keys, config.eventRetentionMs, tell);
  const waiting = createWaitingIndex(redis, deps.keys, config.eventRetentionMs);
  const { deliver, directory } = stage;
  const dispatch = createDispatch({ ledger, endpoints: directory, deliver, outbox, waiting, tell, system });
  const resume = createResume({ ledger, deliver, outbox, waiting, system });

  const workerDeps: WorkerDeps = {
    connection: redis,
    prefix: config.prefix,
    concurrency: config.workerConcurrency,
    now: system.now,
    monotonicMs: system.monotonicMs,
    onError: tellFailure(tell, "worker"),
    queues,
    outbox,
    tell,
  };
  const workers = [createEventsWorker(dispatch, workerDeps), createDeliveriesWorker(resume, workerDeps)];
  const watches = watchQueues([queues.events, queues.deliveries], redis, outbox, deps);
  for (const [at, worker] of workers.entries()) {
    worker.on("error", (error) => watches[at]?.meet(error));
    worker.run().catch(tellFailure(tell, "worker_run"));
  }

  return {
    isConsuming: () =>
      redis.status === "ready" && workers.every((worker) => worker.isRunning() && !worker.isPaused()),
    pause: () => {
      for (const worker of workers) worker.pause(true).catch(tellFailure(tell, "worker_pause"));
    },
    resume: () => {
      for (const worker of workers) worker.resume().catch(tellFailure(tell, "worker_resume"));
    },
    stop: async () => {
      for (const watch of watches) watch.stop();
      const drained = await Promise.all(workers.map((worker) => drain(worker, config.shutdownGraceMs)));
      await stage.abandon();
      attempts.giveUp();
      // Without Redis nothing more can be written, and waiting for it would keep us from stopping.
      if (drained.every(Boolean)) await attempts.idle();
      await queues.close();
      redis.disconnect();
    },
  };
}

function watchQueues(
  queues: readonly { readonly toKey: (name: string) => string }[],
  keys: Redis,
  { bury }: Outbox,
  { system, tell }: WorkerWiring,
): readonly Quarantine[] {
  return queues.map((queue) =>
    watchQueue({
      keys,
      toKey: (name) => queue.toKey(name),
      bury,
      now: system.now,
      onError: tellFailure(tell, "quarantine"),
    }),
  );
}

function openDeliverStage(deps: WorkerWiring, attempts: AttemptLog, rate: FleetRate) {
  const { config, system, tell, endpoints } = deps;
  const transport = createTransport({
    policy: deps.policy,
    now: system.monotonicMs,
  });
  const limits = createConcurrencyLimits(system.monotonicMs);
  const breakers = createBreakers(
    { failureThreshold: config.breakerFailureThreshold, recoveryMs: config.breakerRecoveryMs },
    {
      shared: deps.breakers,
      endpoints,
      now: system.now,
      dice: system.dice,
      tell,
      onReopened: limits.restart,
    },
  );
  const directory = {
    get: endpoints.get,
    subscribedTo: endpoints.subscribedTo,
    disable: async (tried: Endpoint, because: string): Promise<boolean> => {
      let isDone = false;
      await endpoints.change(tried.id, (found) => {
        const changed = disabledByReceiver(found, tried, because, system.now());
        isDone = changed !== found;
        return changed;
      });
      return isDone;
    },
  };
  const { record } = attempts;
  const { holdMaxAgeMs } = config;
  const deliver = createDeliver({
    endpoints: directory,
    transport,
    limits,
    breakers,
    rate,
    record,
    tell,
    system,
    holdMaxAgeMs,
  });
  // The jobs have been drained: a POST still open is one whose job has been given back.
  const abandon = async (): Promise<void> => {
    breakers.dispose();
    await transport.abandon();
  };
  return { deliver, directory, abandon };
}
