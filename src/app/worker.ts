/**
 * Wires what a worker process does: store, deliver and queue stages, from the moment Redis answers to the drain.
 */
import { system } from "../config/system.ts";
import type { EndpointId, Origin } from "../core/brand.ts";
import { mapShards } from "../core/shards.ts";
import type { RecordAttempt } from "../deliver/ports.ts";
import { waitAtMost } from "../deliver/wait-at-most.ts";
import { createHealthLog } from "../store/health-log.ts";
import { createPresence } from "../store/presence.ts";
import { VERSION } from "../wire/version.ts";
import { wireWorkerBus } from "./bus.ts";
import { openDeliverStage, type WorkerWiring } from "./deliver-stage.ts";
import { wireOperators } from "./operators.ts";
import { startEntrance, startShardWorker } from "./shard-worker.ts";
import { type OpenShards, openShards, toldBy, withHome } from "./shards.ts";

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
/** Those of the shards come first, so long. */
const SHARD_WRITES_MS = 3_000;
const LAST_WORDS_MS = 1_000;

/** Starts consuming; Redis must have answered before. */
export function startWorker(deps: WorkerWiring): RunningWorker {
  const { config, keys, tell } = deps;
  const home = { redisPlace: deps.redisPlace, prefix: config.prefix };
  const opened = openShards(home, deps.places, "worker", toldBy(tell));
  const { redis } = opened.home;
  const operators = wireOperators(deps);
  const isDivided = opened.shards.all.length > 1;
  const health = isDivided ? createHealthLog(redis, keys, operators.climb, tell) : null;
  const workerBus = wireWorkerBus(deps, opened.home);
  const record: RecordAttempt = (finished) => workers.of(finished.record.eventId).record(finished);
  const isDraining = (id: EndpointId): boolean => workers.all.some((one) => one.isDraining(id));
  const recordAll = workerBus.recordThrough(record);
  const { abandon, seen, ...stage } = openDeliverStage(deps, recordAll, redis, isDraining);
  const shared = { deps, opened, stage, bus: workerBus.bus, climb: operators.climb, health };
  const workers = mapShards(opened.shards, (shard) => startShardWorker(shared, shard));
  const running = isDivided ? [...workers.all, startEntrance(shared)] : workers.all;
  workerBus.start();
  operators.start();
  const presence = createPresence(redis, keys, tell).begin({ id: system.uuid(), version: VERSION });

  return {
    // One whose Redis is away is missed there, and keeps the others from nothing.
    isConsuming: () => {
      const there = running.filter(({ isThere }) => isThere());
      return redis.status === "ready" && there.length > 0 && there.every(({ isConsuming }) => isConsuming());
    },
    ...seen,
    pause: () => {
      for (const one of running) one.pause();
    },
    resume: () => {
      for (const one of running) one.resume();
    },
    stop: async () => {
      presence.stop();
      workerBus.hurry();
      const drained = await Promise.all(running.map((one) => one.drain()));
      await abandon();
      for (const one of running) one.giveUp();
      health?.giveUp();
      // Without Redis nothing more can be written, and waiting for it would keep us from stopping.
      const isRedisThere = redis.status === "ready" && (isDivided || drained.every(Boolean));
      const lastWrites = async (): Promise<void> => {
        const relayed = operators.stop();
        const flushed = running.map((one, at) => one.flush(drained[at] === true));
        const ofShards = Promise.all([...flushed, relayed]);
        // One that has stopped answering a moment ago keeps nothing from home.
        await waitAtMost(SHARD_WRITES_MS, ofShards);
        if (isRedisThere) await Promise.all([health?.idle(), presence.leave()]);
        await workerBus.stop(isRedisThere);
        await ofShards;
      };
      await close(opened, lastWrites);
      // Without a connection it comes to its end, and says what has gone.
      if (health !== null) await waitAtMost(LAST_WORDS_MS, health.idle());
    },
  };
}

async function close(opened: OpenShards, lastWrites: () => Promise<void>): Promise<void> {
  const all = withHome(opened);
  const written = lastWrites().then(() => Promise.all(all.map(({ queues }) => queues.close())));
  await waitAtMost(LAST_WRITES_MS, written).finally(() => {
    for (const { redis } of all) redis.disconnect();
  });
}
