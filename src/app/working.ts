/**
 * Wires what a worker process does: store, deliver and queue stages, from the moment Redis answers to the drain.
 */
import type { Config } from "../config/environment.ts";
import type { EndpointId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { summarise } from "../core/errors.ts";
import type { Tell } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { createBreakers } from "../deliver/breaker.ts";
import { createDeliver } from "../deliver/deliver.ts";
import { createDispatch, createResume } from "../deliver/dispatch.ts";
import { createLimits } from "../deliver/limits.ts";
import type { FleetRate } from "../deliver/ports.ts";
import { createTransport } from "../deliver/transport.ts";
import { drain } from "../queue/durable-worker.ts";
import { type Quarantine, watchQueue } from "../queue/quarantine.ts";
import { createOutbox, type Outbox, openQueues } from "../queue/queues.ts";
import { createDeliveriesWorker, createEventsWorker, type WorkerDeps } from "../queue/workers.ts";
import { type AttemptLog, createAttemptLog } from "../store/attempt-log.ts";
import type { SharedBreakers } from "../store/breakers.ts";
import type { Endpoints } from "../store/endpoints.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import { createFleetRates } from "../store/fleet-rates.ts";
import type { Keys } from "../store/keys.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import { connectRedis, type Redis } from "../store/redis.ts";
import { switched } from "../store/revision.ts";
import { createStatistics, type Statistics } from "../store/statistics.ts";
import { createWaitingIndex } from "../store/waiting.ts";

export interface WorkingDeps {
  readonly config: Config;
  readonly policy: AddressPolicy;
  readonly redisUrl: string;
  readonly keys: Keys;
  readonly system: System;
  readonly tell: Tell;
  readonly endpoints: Endpoints;
  readonly breakers: SharedBreakers;
}

export interface Working {
  readonly isConsuming: () => boolean;
  /** Takes no more jobs until `resume`; those in work go on. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Finishes what is open within the grace, gives the rest back, and lets go of everything. */
  readonly stop: () => Promise<void>;
}

/** Starts consuming; Redis must have answered before. */
export function startWorking(deps: WorkingDeps): Working {
  const { config, tell, system } = deps;
  const redis = connectRedis(deps.redisUrl, "worker", onError(tell, "redis"));
  const queues = openQueues(redis, config.prefix, onError(tell, "queues"));
  const attempts = createAttemptLog(redis, deps.keys, config.eventRetentionMs, tell);
  const stage = openDeliverStage(deps, attempts, createFleetRates(redis, deps.keys, system.dice));
  const outbox = counting(
    createOutbox(queues, createLetterIndex(redis, deps.keys), tell),
    createStatistics(redis, deps.keys, system.now),
    tell,
  );

  const ledger = createEventLedger(redis, deps.keys, config.eventRetentionMs, tell);
  const waiting = createWaitingIndex(redis, deps.keys, config.eventRetentionMs);
  const { deliver, directory } = stage;
  const dispatch = createDispatch({ ledger, endpoints: directory, deliver, outbox, waiting, tell, system });
  const resume = createResume({ ledger, deliver, waiting, system });

  const workerDeps: WorkerDeps = {
    connection: redis,
    prefix: config.prefix,
    concurrency: config.workerConcurrency,
    now: system.now,
    monotonicMs: system.monotonicMs,
    onError: onError(tell, "worker"),
    queues,
    outbox,
    tell,
  };
  const workers = [createEventsWorker(dispatch, workerDeps), createDeliveriesWorker(resume, workerDeps)];
  const watches = watchQueues([queues.events, queues.deliveries], redis, outbox, deps);
  for (const [at, worker] of workers.entries()) {
    worker.on("error", (error) => watches[at]?.meet(error));
    worker.run().catch(onError(tell, "worker_run"));
  }

  return {
    isConsuming: () =>
      redis.status === "ready" && workers.every((worker) => worker.isRunning() && !worker.isPaused()),
    pause: () => {
      for (const worker of workers) worker.pause(true).catch(onError(tell, "worker_pause"));
    },
    resume: () => {
      for (const worker of workers) worker.resume().catch(onError(tell, "worker_resume"));
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
  { system, tell }: WorkingDeps,
): readonly Quarantine[] {
  return queues.map((queue) =>
    watchQueue({
      keys,
      toKey: (name) => queue.toKey(name),
      bury,
      now: system.now,
      onError: onError(tell, "quarantine"),
    }),
  );
}

/** An attempt may end after its endpoint was removed; a breaker that it opened nobody would ever close. */
function registeredOnly(breakers: SharedBreakers, endpoints: Endpoints): SharedBreakers {
  const isGone = (id: EndpointId): boolean => !isDestinationId(id) && endpoints.get(id) === undefined;
  return {
    ...breakers,
    open: async (id, untilMs) => {
      if (!isGone(id)) await breakers.open(id, untilMs);
    },
  };
}

/** What is given up counts against its endpoint. A count that fails is told: the burial itself stands. */
function counting(outbox: Outbox, statistics: Statistics, tell: Tell): Outbox {
  return {
    ...outbox,
    bury: async (letter) => {
      await outbox.bury(letter);
      if (letter.kind === "delivery")
        await statistics.countBuried(letter.delivery.endpointId).catch(onError(tell, "count_buried"));
    },
  };
}

function openDeliverStage(deps: WorkingDeps, attempts: AttemptLog, rate: FleetRate) {
  const { config, system, tell, endpoints } = deps;
  const transport = createTransport({
    policy: deps.policy,
    now: system.monotonicMs,
  });
  const limits = createLimits(system.monotonicMs);
  const breakers = createBreakers(
    { failureThreshold: config.breakerFailureThreshold, recoveryMs: config.breakerRecoveryMs },
    {
      shared: registeredOnly(deps.breakers, endpoints),
      now: system.now,
      dice: system.dice,
      tell,
      onReopened: limits.restart,
    },
  );
  const directory = {
    get: endpoints.get,
    subscribedTo: endpoints.subscribedTo,
    disable: async ({ id, url }: Endpoint, disabledBecause: string): Promise<void> => {
      await endpoints.change(id, (endpoint) =>
        endpoint.url === url ? switched(endpoint, disabledBecause, system.now()) : endpoint,
      );
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
    breakers.close();
    await transport.abandon();
  };
  return { deliver, directory, abandon };
}

/** Trouble that a library reports by event: told, never thrown into the void. */
export function onError(tell: Tell, doing: string): (error: unknown) => void {
  return (error) => tell({ kind: "service.failed", doing, error: summarise(error) });
}
