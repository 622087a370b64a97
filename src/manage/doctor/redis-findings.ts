/** Findings about Redis, from one look at it: will it keep what was accepted, has it room, does it answer in time? */
import type { Config } from "../../config/environment.ts";
import { SKEW_MAX_MS } from "../../core/clock-skew.ts";
import type { RedisVitals } from "../../core/readings.ts";
import { broken, type Check, type Finding, ok, warning } from "./finding.ts";

/** The oldest with all commands that are used (ZMSCORE, ZADD LT, ZRANGE BYSCORE). */
const OLDEST_REDIS = "6.2";
/** Alerts say so from here on, too (grafana/alerts.yml). */
const MEMORY_SHORT = 0.8;
const MEMORY_FULL = 0.95;
const CLIENTS_SHORT = 0.8;
const SKEW_SEEN_MS = 1_000;
/** A publish waits for one answer, an attempt for several: half of them later than that and each takes long. */
const PING_SLOW_MS = 20;
/** A fork, a slow disk or a long script of somebody else. */
const PING_WORST_MS = 250;

export type DurabilitySettings = Pick<Config, "requireAof" | "publishDurability" | "replicasMin">;

export function redisFindings(vitals: RedisVitals, settings: DurabilitySettings): readonly Finding[] {
  if (vitals.isLoading) return [loading(vitals)];
  return [
    versionFinding(vitals),
    roleFinding(vitals),
    aofFinding(vitals, settings),
    persistenceFinding(vitals),
    evictionFinding(vitals),
    ...memoryFindings(vitals),
    clientsFinding(vitals),
    latencyFinding(vitals),
    clockFinding(vitals),
    durabilityFinding(vitals, settings),
  ];
}

function loading({ product, version }: RedisVitals): Finding {
  return broken(
    "redis.connection",
    `${product} ${version} still reads its files: until then it answers nobody`,
    "wait; the service waits for it, too",
  );
}

function versionFinding({ product, version, redisVersion }: RedisVitals): Finding {
  const seen = `${product} ${version}`;
  if (isOlder(redisVersion, OLDEST_REDIS))
    return broken(
      "redis.version",
      `${seen}; Redis ${OLDEST_REDIS} is the oldest that works`,
      "upgrade it: Redis 7.2 or newer, or Valkey",
    );
  return ok("redis.version", seen);
}

function roleFinding({ isReplica, replicas }: RedisVitals): Finding {
  if (isReplica)
    return broken(
      "redis.role",
      "a replica: it takes no writes, so that nothing can be published or delivered",
      "name the master in REDIS_URL, or promote this one",
    );
  return ok("redis.role", replicas === 0 ? "master" : `master with ${counted(replicas, "replica")}`);
}

function aofFinding({ hasAof, fsync }: RedisVitals, { requireAof }: DurabilitySettings): Finding {
  const remedy = "redis-cli config set appendonly yes, and the same in its configuration";
  const seen = "no append-only file: if Redis is killed, accepted events are lost";
  if (!hasAof && requireAof)
    return broken("redis.aof", `${seen}; REQUIRE_AOF=true refuses to start so`, remedy);
  if (!hasAof) return warning("redis.aof", seen, remedy);
  if (fsync === "no")
    return warning(
      "redis.aof",
      "append-only file on, and written to disk when the system likes (appendfsync no): a power cut loses up to 30 s",
      "redis-cli config set appendfsync everysec, and the same in its configuration",
    );
  return ok(
    "redis.aof",
    `append-only file on, ${fsync === null ? "appendfsync not told" : `fsync ${fsync}`}`,
  );
}

function persistenceFinding({ isAofWell, hasAof, isSnapshotWell }: RedisVitals): Finding {
  const remedy =
    "see `redis-cli info persistence`: make room on its disk, then redis-cli bgrewriteaof or bgsave";
  if (hasAof && !isAofWell)
    return broken("redis.persistence", "its append-only file could not be written, or not rewritten", remedy);
  if (!isSnapshotWell)
    return broken("redis.persistence", "its last snapshot failed: it may refuse every write", remedy);
  return ok("redis.persistence", "last writes to disk succeeded");
}

function evictionFinding({ evictionPolicy, evictsNothing }: RedisVitals): Finding {
  if (evictsNothing) return ok("redis.eviction", "noeviction: nothing that was accepted is thrown away");
  return broken(
    "redis.eviction",
    `maxmemory-policy ${evictionPolicy}: accepted events are thrown away when memory is short`,
    "redis-cli config set maxmemory-policy noeviction, at once, and the same in its configuration",
  );
}

function memoryFindings({ memoryBytes, memoryMaxBytes, machineBytes }: RedisVitals): readonly Finding[] {
  const hasLimit = memoryMaxBytes > 0;
  const most = hasLimit ? memoryMaxBytes : machineBytes;
  const share = most === 0 ? 0 : memoryBytes / most;
  const ofWhat = most === 0 ? "" : ` of ${inUnits(most)}${hasLimit ? "" : " that its machine has"}`;
  const seen = `${inUnits(memoryBytes)} used${ofWhat}${most === 0 ? "" : ` (${Math.round(share * 100)} %)`}`;
  const remedy =
    "raise maxmemory; purge dead letters that nobody wants (hookwave dead-letters purge); lower EVENT_RETENTION";
  const room =
    share >= MEMORY_FULL
      ? broken("redis.memory", `${seen}: when it is full, publishing is refused`, remedy)
      : share >= MEMORY_SHORT
        ? warning("redis.memory", seen, remedy)
        : ok("redis.memory", seen);
  if (hasLimit) return [room];
  const unlimited = warning(
    "redis.maxmemory",
    "no maxmemory: when its machine has none left, the system kills Redis instead of publishing being refused",
    "set maxmemory to what the machine can spare; a fork for a rewrite needs room, too",
  );
  return [room, unlimited];
}

function clientsFinding({ clients, clientsMax }: RedisVitals): Finding {
  const seen = `${counted(clients, "connection")}${clientsMax === 0 ? "" : ` of ${clientsMax}`}`;
  if (clientsMax === 0 || clients < clientsMax * CLIENTS_SHORT) return ok("redis.clients", seen);
  return warning("redis.clients", seen, "raise maxclients: beyond it, a process that starts cannot connect");
}

function latencyFinding({ pingsMs }: RedisVitals): Finding {
  const sorted = pingsMs.toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const worst = sorted.at(-1) ?? 0;
  const seen = `PING: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms of ${pingsMs.length}`;
  if (median < PING_SLOW_MS && worst < PING_WORST_MS) return ok("redis.latency", seen);
  return warning(
    "redis.latency",
    seen,
    "put Redis near the service; see its CPU, `redis-cli --latency` and `redis-cli slowlog get`",
  );
}

function clockFinding({ skewMs }: RedisVitals): Finding {
  const check: Check = "redis.clock";
  const remedy = "start the time service (NTP) on both machines; waits between attempts follow their clocks";
  if (skewMs === null) return warning(check, "Redis took too long to say what time it is", remedy);
  const apartMs = Math.abs(skewMs);
  if (apartMs <= SKEW_SEEN_MS)
    return ok(check, `this machine's clock and that of Redis are ${apartMs} ms apart`);
  const seen = `this machine's clock is ${apartMs} ms ${skewMs < 0 ? "behind" : "ahead of"} that of Redis`;
  return apartMs > SKEW_MAX_MS
    ? broken(check, `${seen}: its worker takes no job`, remedy)
    : warning(check, seen, remedy);
}

/** Every publish of a level that this Redis cannot give is refused with DURABILITY_UNMET. */
function durabilityFinding(vitals: RedisVitals, settings: DurabilitySettings): Finding {
  const { publishDurability: level, replicasMin } = settings;
  const seen = `PUBLISH_DURABILITY=${level}`;
  if (level === "replicated" && vitals.replicas < replicasMin)
    return broken(
      "durability",
      `${seen} wants ${counted(replicasMin, "replica")}, and ${vitals.replicas} connected: every publish is refused`,
      "connect the replicas, lower REPLICAS_MIN, or publish with another durability",
    );
  if (vitals.fsyncProblem !== null) {
    const { expected, got } = vitals.fsyncProblem;
    return broken(
      "durability",
      `${seen} wants ${expected}, got ${got}: every publish is refused`,
      "change the Redis, or publish with another durability (docs/durability.md)",
    );
  }
  return ok("durability", seen);
}

/** By the parts that both versions have. */
function isOlder(found: string, oldest: string): boolean {
  const parts = found.split(".").map(Number);
  for (const [index, least] of oldest.split(".").map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

function inUnits(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1_024 ** step;
  return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[step]}`;
}

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
