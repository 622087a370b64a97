/** The Redis that a service talks to: the configured one, else the private server of the data directory. */
import type { Config } from "../config/environment.ts";
import { startEmbeddedRedis } from "./embedded-redis.ts";

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

/** A Redis URL as it may be shown: without user, password and options, which may hold another password. */
export function shownRedisUrl(redisUrl: string): string {
  const { protocol, host, pathname } = new URL(redisUrl);
  return `${protocol}//${host}${pathname}`;
}
