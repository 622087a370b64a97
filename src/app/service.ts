/**
 * The life of the service: waits for Redis, checks it, mirrors what the fleet shares, works, and stops.
 */
import { startOf } from "../bus/target.ts";
import type { Config } from "../config/environment.ts";
import { system } from "../config/system.ts";
import { UNHEEDED_REMEDY, unheededInWords } from "../config/unheeded-proxies.ts";
import { HookwaveError } from "../core/errors.ts";
import { tellFailure } from "../core/happening.ts";
import { addEnvironmentEndpoint, type EndpointManagement } from "../manage/endpoints.ts";
import { watchClock } from "../queue/clock-watch.ts";
import { watchChanges } from "../store/changes.ts";
import { createLayout } from "../store/layout.ts";
import { connectRedis, type Redis } from "../store/redis.ts";
import { askSkewMs, checkRedis } from "../store/redis-safety.ts";
import { VERSION } from "../wire/version.ts";
import type { WorkerWiring } from "./deliver-stage.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

export interface Service {
  /**
   * Resolves when it works; waits for Redis as long as it takes. Throws REDIS_UNSAFE, DATA_NEWER, SHARDS_MISMATCH,
   * SECRET_UNREADABLE, ENDPOINT_INVALID.
   */
  readonly start: () => Promise<void>;
  readonly isConsuming: () => boolean;
  /** The worker of this process; null before it works, and in one that only serves the API. */
  readonly worker: () => RunningWorker | null;
  readonly stop: () => Promise<void>;
}

export function createService(deps: WorkerWiring, management: EndpointManagement): Service {
  const { config, tell, endpoints, outlying, breakers, apiKeys, migration, redis: commands } = deps;
  const stopping = new AbortController();
  let watcher: Redis | null = null;
  let stopWatching = (): void => undefined;
  let stopClockWatch = (): void => undefined;
  let working: RunningWorker | null = null;

  const notice = (text: string): void => tell({ kind: "service.noticed", notice: text, detail: {} });

  const refresh = async (): Promise<void> => {
    await Promise.all([breakers.refresh(), apiKeys.refresh(), migration.refresh()]);
  };

  const mirrorFleet = async (connection: Redis): Promise<void> => {
    await Promise.all([endpoints.reloadAll(), refresh(), outlying.settle(system.now())]);
    endpoints.insistReadable();
    stopWatching = await watchChanges(
      connection,
      deps.keys,
      {
        endpointChanged: endpoints.hear,
        breakersChanged: breakers.refresh,
        keysChanged: apiKeys.refresh,
        migrationChanged: migration.refresh,
        catchUp: async () => {
          await Promise.all([endpoints.catchUp(), refresh(), outlying.catchUp(system.now())]);
        },
      },
      tell,
    );
  };

  return {
    start: async () => {
      for (const warning of environmentWarnings(config)) notice(warning);
      watcher = connectRedis(deps.redisPlace, "watcher", tellFailure(tell, "redis"));
      await untilKeysKnown(deps, watcher, stopping.signal);
      for (const warning of await lookAtRedis(watcher, deps)) notice(warning);
      await mirrorFleet(watcher);
      await declareStart(deps);
      await sealWithOurKey(deps, notice);
      await addEnvironmentEndpoint(config, management);
      if (config.role === "api") return;
      working = startWorker(deps);
      const { pause, resume } = working;
      const askSkew = (): Promise<number | null> => askSkewMs(commands, system.now);
      stopClockWatch = watchClock({ system, askSkewMs: askSkew, pause, resume, tell });
    },
    isConsuming: () => working?.isConsuming() ?? false,
    worker: () => working,
    stop: async () => {
      stopping.abort();
      stopClockWatch();
      await working?.stop();
      stopWatching();
      watcher?.disconnect();
    },
  };
}

function environmentWarnings({ warnings, unheededProxies }: Config): readonly string[] {
  const unheeded = unheededInWords(unheededProxies);
  return unheeded === null ? warnings : [...warnings, `${unheeded}; ${UNHEEDED_REMEDY}`];
}

/**
 * Warnings of a Redis that is accepted, each once; throws where it is not safe, or holds what this version cannot read, or what
 * is divided otherwise.
 */
async function lookAtRedis(watcher: Redis, deps: WorkerWiring): Promise<readonly string[]> {
  const { config, keys, home, shards } = deps;
  const others = shards.all.flatMap(({ redis }) => (redis === home.redis ? [] : redis));
  const warnings = await Promise.all(
    [watcher, ...others].map((redis) => checkRedis(redis, config.requireAof, system.now)),
  );
  await createLayout(watcher, keys, config.shards).claim(VERSION);
  return [...new Set(warnings.flat())];
}

/** A process whose environment says something new about the migration switches the fleet. */
async function declareStart({ config, migration }: WorkerWiring): Promise<void> {
  const start = startOf(config);
  await (start === null ? migration.refresh() : migration.declare(start));
}

async function reseal(wiring: WorkerWiring): Promise<string> {
  const [endpoints, sources] = [await wiring.endpoints.reseal(), await wiring.sources.reseal()];
  return endpoints + sources === 0
    ? "nothing is sealed with HOOKWAVE_ENCRYPTION_KEY_PREVIOUS any more: unset it"
    : `${endpoints} endpoint(s)${sources === 0 ? "" : ` and ${sources} source(s)`} were sealed again with HOOKWAVE_ENCRYPTION_KEY; HOOKWAVE_ENCRYPTION_KEY_PREVIOUS can be unset once every process has the new key`;
}

/** All endpoints have been read, so that with one key all are sealed with that. */
async function sealWithOurKey(deps: WorkerWiring, notice: (text: string) => void): Promise<void> {
  if (deps.config.encryptionKeyPrevious !== null) notice(await reseal(deps));
  await deps.endpoints.claimKey();
}

/** First of all: whoever asks the API is refused until it knows the keys. */
async function untilKeysKnown(
  { redis, shards, apiKeys }: WorkerWiring,
  watcher: Redis,
  stopping: AbortSignal,
): Promise<void> {
  const all = new Set([watcher, redis, ...shards.all.map((shard) => shard.redis)]);
  await Promise.all([...all].map((connection) => untilConnected(connection, stopping)));
  await apiKeys.refresh();
}

/** As long as it takes: refusals (which `events.once` would take for the end) are what waiting is about. */
function untilConnected(redis: Redis, stopping: AbortSignal): Promise<void> {
  if (redis.status === "ready") return Promise.resolve();
  return new Promise((resolve, reject) => {
    redis.once("ready", resolve);
    stopping.addEventListener("abort", () => reject(stoppedWaiting()), { once: true });
  });
}

function stoppedWaiting(): HookwaveError {
  return new HookwaveError("CLOSED", {
    expected: "Redis to answer before the service was closed",
    got: "close() first",
    remedy: "check that Redis runs and REDIS_URL is right",
  });
}
