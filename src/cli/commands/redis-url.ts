/** `hookwave redis-url`: the address of the Redis that a service of this directory uses, for programs that publish into it. */
import { readEnvironment } from "../../config/environment.ts";
import { HookwaveError } from "../../core/errors.ts";
import { findEmbeddedRedis } from "../../process/embedded-redis.ts";
import { type Report, report } from "../report.ts";

/** With the password: only the user of the data directory can read it. */
export async function redisUrl(): Promise<Report> {
  const { redisUrl: configured, dataDir } = readEnvironment();
  const url = configured ?? (await findEmbeddedRedis(dataDir));
  if (url !== null) return report(url, { url });
  throw new HookwaveError("REDIS_MISSING", {
    expected: `a Redis that a service has started for ${dataDir}`,
    got: "none",
    remedy: "run `hookwave start` first, with the same HOOKWAVE_DATA_DIR, or set REDIS_URL",
  });
}
