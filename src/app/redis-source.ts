/**
 * Which Redis a process talks to: the configured one, else the private server of the data directory. A service
 * starts that server; a command only finds it, because a server without a service would hold nothing.
 */
import type { Config } from "../config/environment.ts";
import { HookwaveError } from "../core/errors.ts";
import { findRunning, startEmbeddedRedis } from "../store/embedded-redis.ts";

export interface RedisSource {
  readonly url: string;
  readonly isEmbedded: boolean;
  /** Stops the server if this process has started it. */
  readonly stop: () => Promise<void>;
}

/** REDIS_URL, else an embedded server; throws REDIS_MISSING when there is none to start. */
export async function openRedis(config: Config, searchPath: string): Promise<RedisSource> {
  if (config.redisUrl !== null) {
    return { url: config.redisUrl, isEmbedded: false, stop: () => Promise.resolve() };
  }
  const { url, stop } = await startEmbeddedRedis({
    dataDir: config.dataDir,
    searchPath,
    outlivesInterrupt: true,
  });
  return { url, isEmbedded: true, stop };
}

/** REDIS_URL, else the server of a service that runs on the same data directory; throws REDIS_MISSING. */
export async function findRedis(config: Config): Promise<string> {
  if (config.redisUrl !== null) return config.redisUrl;
  const running = await findRunning(config.dataDir);
  if (running !== null) return running.url;
  throw new HookwaveError("REDIS_MISSING", {
    expected: `REDIS_URL, --redis, or a running \`hookwave start\` with the data directory ${config.dataDir}`,
    got: "none of them",
    remedy: "start the service, or say which Redis it uses with --redis redis://host:6379",
  });
}

/** A Redis URL as it may be shown: without user, password and options, which may hold another password. */
export function shownRedisUrl(redisUrl: string): string {
  const { protocol, host, pathname } = new URL(redisUrl);
  return `${protocol}//${host}${pathname}`;
}
