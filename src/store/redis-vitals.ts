/**
 * Redis as a doctor sees it: all that says whether it keeps what was accepted, has room, and answers in time. It asks and
 * changes nothing. One refused command (a user without CONFIG) leaves its reading unknown; silence rejects.
 */
import { z } from "zod";
import type { Durability } from "../core/durability.ts";
import type { RedisVitals } from "../core/readings.ts";
import type { System } from "../core/system.ts";
import { fsyncProblem } from "./confirmation.ts";
import type { Redis } from "./redis.ts";
import { askSkewMs, parseInfo, readingOf } from "./redis-safety.ts";

const PINGS = 11;
/** An answer of a server that will not, or cannot, tell: by ACL, or as a managed Redis without CONFIG. */
const WILL_NOT_SAY = /\b(?:NOPERM|ERR unknown command|ERR .*not allowed)/i;
const nameAndValue = z.array(z.string());

export interface Wanted {
  readonly requireAof: boolean;
  readonly publishDurability: Durability;
}

export async function readVitals(
  redis: Redis,
  { requireAof, publishDurability }: Wanted,
  system: System,
): Promise<RedisVitals> {
  const info = parseInfo(await redis.info());
  const [pingsMs, fsync] = [await ping(redis, system), await askFsync(redis)];
  const skewMs = await askSkewMs(redis, system.now);
  const number = (name: string): number => Number(info.get(name) ?? 0);
  return {
    ...readingOf(info, requireAof, skewMs),
    // Valkey says in `redis_version` which Redis it is compatible with.
    product: info.has("valkey_version") ? "Valkey" : "Redis",
    version: info.get("valkey_version") ?? info.get("redis_version") ?? "",
    redisVersion: info.get("redis_version") ?? "",
    isReplica: (info.get("role") ?? "master") !== "master",
    replicas: number("connected_slaves"),
    isLoading: info.get("loading") === "1",
    hasAof: info.get("aof_enabled") === "1",
    fsync,
    evictionPolicy: info.get("maxmemory_policy") ?? "unknown",
    isSnapshotWell: info.get("rdb_last_bgsave_status") !== "err",
    machineBytes: number("total_system_memory"),
    clients: number("connected_clients"),
    clientsMax: number("maxclients"),
    fsyncProblem: publishDurability === "fsync" ? await fsyncProblem(redis) : null,
    pingsMs,
  };
}

/** One after the other, in ms. */
async function ping(redis: Redis, { monotonicMs }: System): Promise<readonly number[]> {
  const tookMs: number[] = [];
  for (let count = 0; count < PINGS; count += 1) {
    const startedAt = monotonicMs();
    await redis.ping();
    tookMs.push(monotonicMs() - startedAt);
  }
  return tookMs;
}

async function askFsync(redis: Redis): Promise<string | null> {
  try {
    const [, value = null] = nameAndValue.parse(await redis.config("GET", "appendfsync"));
    return value;
  } catch (error) {
    if (error instanceof Error && WILL_NOT_SAY.test(error.message)) return null;
    throw error;
  }
}
