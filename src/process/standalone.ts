/**
 * The service as a process of its own: the log, a Redis, the journey and the HTTP API, opened in this order and
 * closed in the reverse one. `hookwave start` and the demo are both this. It decides nothing about deliveries.
 */

import { setTimeout as pause } from "node:timers/promises";
import { wireDoctor } from "../app/doctor.ts";
import { type Hookwave, openHookwave } from "../app.ts";
import type { Config } from "../config/environment.ts";
import { system } from "../config/system.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { shownRedisUrl } from "../core/redis-url.ts";
import { environmentSecrets } from "../manage/endpoints.ts";
import { type HappeningLog, logHappenings } from "../observe/happening-log.ts";
import { createLog, type Log, type LogOptions } from "../observe/log.ts";
import { type SdkParts, startTraceSdk, wantsTraces } from "../observe/otlp.ts";
import { hasKey } from "../store/key-file.ts";
import { placeAt } from "../store/redis-place.ts";
import { VERSION } from "../wire/version.ts";
import { checkAtStart } from "./doctor.ts";
import { openListeners } from "./listeners.ts";
import { openRedis, type RedisSource } from "./redis-source.ts";

interface StandaloneOptions {
  readonly config: Config;
  /** Folders in which executables are looked for, as in PATH. */
  readonly searchPath: string;
  readonly log: LogOptions;
  readonly listeners?: readonly Tell[];
}

export interface Standalone {
  readonly hookwave: Hookwave;
  readonly redisUrl: string;
  /** Null where the role serves no API. */
  readonly apiUrl: string | null;
  /** Waits for Redis as long as it takes, then delivers. */
  readonly start: () => Promise<void>;
  /** Stops accepting, drains, and lets go of everything, the embedded Redis last. */
  readonly close: () => Promise<void>;
  /** For an exit at once: only tells the embedded Redis to stop, which no one else would. */
  readonly abandon: () => void;
}

/** For a check that is under way when the service is closed; of a Redis that is gone it expects more than that. */
const CHECK_PATIENCE_MS = 500;

/**
 * Opens everything; the API answers from here on, also while Redis is away. Throws CONFIG_INVALID when its port
 * is taken, REDIS_MISSING when there is no Redis to start; then nothing is left open.
 */
export async function openStandalone(options: StandaloneOptions): Promise<Standalone> {
  const log = createLog(options.log);
  const happenings = logHappenings(log, system);
  const { tell } = happenings;
  const closers: (() => Promise<void>)[] = [log.close, async () => happenings.close()];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) {
      await closeOne().catch(tellFailure(tell, "close"));
    }
  };
  try {
    const parts = await openParts(options, log, happenings, closers);
    return {
      ...parts,
      close: async () => {
        log.logger.info({}, "service.stopping");
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openParts(
  { config, searchPath, listeners = [] }: StandaloneOptions,
  { logger, countDropped }: Log,
  { tell, askBy }: HappeningLog,
  closers: (() => Promise<void>)[],
): Promise<Omit<Standalone, "close">> {
  const redis = await openRedis(config, searchPath, tell);
  closers.push(redis.stop);
  const traces = wantsTraces(config) || undefined;
  if (traces) closers.push((await startTraceSdk(config, sdkParts(tell))).close);
  const notices = noticesOf(config, redis);
  const created = await openHookwave({
    ...config,
    redisUrl: redis.url,
    listeners: [tell, ...listeners],
    traces,
  });
  closers.push(created.close);
  countDropped(created.metrics.countDroppedLines);
  askBy(async () => (await created.redisState()).kind === "writable");
  // The settings it looks at are those of the environment, which may name no Redis.
  const hookwave = { ...created, doctor: wireDoctor(config, placeAt(redis.url, config)) };

  const servers = await openListeners(config, hookwave, logger, closers);
  const { apiUrl, boundTo, metricsUrl } = servers;
  let checking: Promise<void> = Promise.resolve();
  let isClosing = false;
  closers.push(async () => {
    isClosing = true;
    await Promise.race([checking, pause(CHECK_PATIENCE_MS, undefined, { ref: false })]);
  });
  const { role } = config;
  const webhookSecrets = environmentSecrets(config).length;
  const started = {
    version: VERSION,
    role,
    webhookSecrets,
    url: apiUrl,
    boundTo,
    metricsUrl,
    redis: shownRedisUrl(redis.url),
  };
  logger.info({ ...started, isRedisEmbedded: redis.isEmbedded }, "service.started");
  for (const notice of [...notices, ...servers.notices])
    tell({ kind: "service.noticed", notice, detail: {} });
  return {
    hookwave,
    redisUrl: redis.url,
    apiUrl,
    abandon: () => {
      void redis.stop();
    },
    start: async () => {
      await hookwave.start();
      logger.info({ role }, "service.connected");
      // Nothing waits for it: what it finds keeps nobody from working.
      checking = checkAtStart(hookwave.doctor, (happening) => {
        if (!isClosing) tell(happening);
      });
    },
  };
}

const sdkParts = (tell: Tell): SdkParts => ({
  version: VERSION,
  instanceId: system.uuid(),
  monotonicMs: system.monotonicMs,
  tell,
});

/** Notices for an operator about the defaults that were taken. */
function noticesOf(config: Config, redis: RedisSource): readonly string[] {
  const { dataDir, encryptionKey, webhookUrl, webhookSecret } = config;
  const origin = hasKey(dataDir) ? "kept" : "generated and kept";
  const embedded = `REDIS_URL is not set: a private Redis with append-only file runs on ${shownRedisUrl(redis.url)}, data in ${dataDir}; a publisher reaches it by REDIS_URL="$(npx hookwave redis-url)"`;
  const keyless = `HOOKWAVE_ENCRYPTION_KEY is not set: endpoint secrets are sealed with a development key, ${origin} in ${dataDir}; set one for production, the same in every process`;
  const count = environmentSecrets(config).length;
  const comma = `WEBHOOK_SECRET holds a comma, which belongs to it: ${count} ${count === 1 ? "secret signs" : "secrets sign"} for WEBHOOK_URL; the one before it, while rotating, is WEBHOOK_SECRET_PREVIOUS`;
  return [
    ...(redis.isEmbedded ? [embedded] : []),
    ...(encryptionKey === null ? [keyless] : []),
    ...(webhookUrl !== null && webhookSecret?.includes(",") ? [comma] : []),
  ];
}
