/**
 * The service as a process of its own: the log, a Redis, the journey and the HTTP API, opened in this order and
 * closed in the reverse one. `hookwave start` and the demo are both this. It decides nothing about deliveries.
 */
import { createHookwave, type Hookwave } from "../app.ts";
import type { Config } from "../config/environment.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { createLog, type Log, type LogOptions, logHappenings } from "../observe/log.ts";
import { hasKey } from "../store/key-file.ts";
import { VERSION } from "../wire/version.ts";
import { openListeners } from "./listeners.ts";
import { openRedis, type RedisSource, shownRedisUrl } from "./redis-source.ts";

export interface StandaloneOptions {
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

/**
 * Opens everything; the API answers from here on, also while Redis is away. Throws CONFIG_INVALID when its port
 * is taken, REDIS_MISSING when there is no Redis to start; then nothing is left open.
 */
export async function openStandalone(options: StandaloneOptions): Promise<Standalone> {
  const log = createLog(options.log);
  const tell = logHappenings(log);
  const closers: (() => Promise<void>)[] = [log.close];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) {
      await closeOne().catch(tellFailure(tell, "close"));
    }
  };
  try {
    const parts = await openParts(options, log, tell, closers);
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
  { logger }: Log,
  tell: Tell,
  closers: (() => Promise<void>)[],
): Promise<Omit<Standalone, "close">> {
  const redis = await openRedis(config, searchPath);
  closers.push(redis.stop);
  const notices = noticesOf(config, redis);
  const hookwave = await createHookwave({
    ...config,
    redisUrl: redis.url,
    listeners: [tell, ...listeners],
  });
  closers.push(hookwave.close);

  const servers = await openListeners(config, hookwave, logger, closers);
  const { apiUrl, metricsUrl } = servers;
  const { role } = config;
  const started = { version: VERSION, role, url: apiUrl, metricsUrl, redis: shownRedisUrl(redis.url) };
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
    },
  };
}

/** Notices for an operator about the defaults that were taken. */
function noticesOf({ dataDir, encryptionKey }: Config, redis: RedisSource): readonly string[] {
  const origin = hasKey(dataDir) ? "kept" : "generated and kept";
  const embedded = `REDIS_URL is not set: a private Redis with append-only file runs on ${redis.url}, data in ${dataDir}`;
  const keyless = `HOOKWAVE_ENCRYPTION_KEY is not set: endpoint secrets are sealed with a development key, ${origin} in ${dataDir}; set one for production, the same in every process`;
  return [...(redis.isEmbedded ? [embedded] : []), ...(encryptionKey === null ? [keyless] : [])];
}
