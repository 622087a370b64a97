/** The Redis that a service talks to: the configured one, else the private server of the data directory. */

import { randomBytes } from "node:crypto";
import type { Config } from "../config/environment.ts";
import type { Tell } from "../core/happening.ts";
import { keepEmbeddedRedis } from "./redis-keeper.ts";

export interface RedisSource {
  /** With the password of an embedded server, which the directory's `redis.json` has as well. */
  readonly url: string;
  readonly isEmbedded: boolean;
  /** Stops the server if this process has started it. */
  readonly stop: () => Promise<void>;
}

const PASSWORD_BYTES = 24;
/** Beside the API's 8420 and the listener's 8421: one that a person can remember. */
const PORT = 8422;

/** REDIS_URL, else an embedded server, which is kept; throws REDIS_MISSING when there is none to start. */
export async function openRedis(config: Config, searchPath: string, tell: Tell): Promise<RedisSource> {
  if (config.redisUrl !== null) {
    return { url: config.redisUrl, isEmbedded: false, stop: () => Promise.resolve() };
  }
  const password = randomBytes(PASSWORD_BYTES).toString("base64url");
  const options = {
    dataDir: config.dataDir,
    searchPath,
    password,
    preferredPort: PORT,
    outlivesInterrupt: true,
  };
  const { url, stop } = await keepEmbeddedRedis(options, tell);
  return { url, isEmbedded: true, stop };
}
