/** The leftovers of one mode must not be the next one's work. */
import { connectRedis } from "../src/store/redis.ts";

export async function emptyRedis(redisUrl: string): Promise<void> {
  const redis = connectRedis(redisUrl, "watcher", () => undefined);
  await redis.flushall();
  redis.disconnect();
}
