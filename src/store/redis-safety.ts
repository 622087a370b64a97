/**
 * The safety of a Redis that is to keep accepted events. Asked at start, and read again for the metrics. Eviction lost
 * 1,178 of 3,000 acknowledged jobs, a missing append-only file all of 30,003 (traps 6, 7); a clock that is off runs delays
 * early or late (trap 13).
 */
import { SKEW_MAX_MS, skewError } from "../core/clock-skew.ts";
import { HookwaveError } from "../core/errors.ts";
import type { RedisReading } from "../core/readings.ts";
import type { Redis } from "./redis.ts";

/** An answer that took longer says too little about when it was given. */
const ANSWER_MAX_MS = 1_000;

/**
 * Resolves with warnings, a line each, of what is accepted but not as it should be. Throws REDIS_UNSAFE for what cannot
 * be accepted. `now` gives epoch ms.
 */
export async function checkRedis(
  redis: Redis,
  requireAof: boolean,
  now: () => number,
): Promise<readonly string[]> {
  const info = parseInfo(await redis.info());
  const policy = info.get("maxmemory_policy") ?? "unknown";
  if (policy !== "noeviction") {
    throw unsafe(
      "maxmemory-policy noeviction",
      policy,
      "set maxmemory-policy noeviction: with any other, Redis throws accepted events away when memory is short",
    );
  }
  const hasAof = info.get("aof_enabled") === "1";
  if (!hasAof && requireAof) {
    throw unsafe("appendonly yes (REQUIRE_AOF=true)", "no", "set appendonly yes, or REQUIRE_AOF=false");
  }
  await checkClock(redis, now);
  const warning =
    "Redis has no append-only file: if it is killed, accepted events are lost; set appendonly yes (and REQUIRE_AOF=true)";
  return hasAof ? [] : [warning];
}

/** As it is now: an operator may have changed since the start what was checked then. */
export async function readRedis(redis: Redis, requireAof: boolean, now: () => number): Promise<RedisReading> {
  const [text, skewMs] = await Promise.all([redis.info(), askSkewMs(redis, now)]);
  return readingOf(parseInfo(text), requireAof, skewMs);
}

/** Of several: the room of the one that has least, and what is wrong with any. */
export function worstReading(readings: readonly [RedisReading, ...RedisReading[]]): RedisReading {
  const usedOf = ({ memoryBytes, memoryMaxBytes }: RedisReading): number =>
    memoryMaxBytes === 0 ? 0 : memoryBytes / memoryMaxBytes;
  const [fullest] = readings.toSorted(
    (one, other) => usedOf(other) - usedOf(one) || other.memoryBytes - one.memoryBytes,
  );
  const skews = readings.flatMap(({ skewMs }) => skewMs ?? []);
  return {
    ...(fullest ?? readings[0]),
    evictsNothing: readings.every(({ evictsNothing }) => evictsNothing),
    isAofWell: readings.every(({ isAofWell }) => isAofWell),
    skewMs: skews.toSorted((one, other) => Math.abs(other) - Math.abs(one))[0] ?? null,
  };
}

export function readingOf(
  info: ReadonlyMap<string, string>,
  requireAof: boolean,
  skewMs: number | null,
): RedisReading {
  return {
    memoryBytes: Number(info.get("used_memory")),
    memoryMaxBytes: Number(info.get("maxmemory")),
    evictsNothing: info.get("maxmemory_policy") === "noeviction",
    isAofWell:
      (!requireAof || info.get("aof_enabled") === "1") &&
      info.get("aof_last_write_status") !== "err" &&
      info.get("aof_last_bgrewrite_status") !== "err",
    skewMs,
  };
}

async function checkClock(redis: Redis, now: () => number): Promise<void> {
  const skewMs = await askSkewMs(redis, now);
  if (skewMs !== null && Math.abs(skewMs) > SKEW_MAX_MS) throw skewError(skewMs);
}

/** The lead of this machine's clock over Redis', in ms; null when the answer took too long to tell. */
export async function askSkewMs(redis: Redis, now: () => number): Promise<number | null> {
  const before = now();
  const [seconds, microseconds] = await redis.time();
  const after = now();
  if (Math.abs(after - before) > ANSWER_MAX_MS) return null;
  return Math.round((before + after) / 2 - Number(seconds) * 1_000 - Number(microseconds) / 1_000);
}

/** `INFO` text: `name:value` lines under `# Section` heads. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(/\r?\n/).map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  return new Map(pairs);
}

function unsafe(expected: string, got: string, remedy: string): HookwaveError {
  return new HookwaveError("REDIS_UNSAFE", { expected, got, remedy });
}
