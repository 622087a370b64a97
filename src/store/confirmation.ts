/**
 * Writes that count only once they are safer than in one server's memory: on replicas (WAIT) or on its disk
 * (WAITAOF). Redis answers for what the asking connection has written, so a connection that was lost in between
 * proves nothing: after it, a new one would be told that nothing of its own is missing.
 */
import { z } from "zod";
import type { Durability } from "../core/durability.ts";
import { type Complaint, HookwaveError, summarise } from "../core/errors.ts";
import { createGroupCommit } from "../core/group-commit.ts";
import type { Redis } from "./redis.ts";
import { parseInfo } from "./redis-safety.ts";

export type ConfirmedLevel = Exclude<Durability, "redis">;

/** Does the write and resolves once it is as safe as promised. Throws DURABILITY_UNMET, or what the write threw. */
type Confirm = (write: () => Promise<void>) => Promise<void>;

/** Redis looks at the clock ten times a second, so it may take 100 ms more: refused within 300 ms all the same. */
const REPLICATED_WITHIN_MS = 100;
/** Redis writes to disk once a second where `appendfsync everysec` is set. */
const ON_DISK_WITHIN_MS = 2_000;
const TOGETHER_MAX = 1_024;

/** The connection must be nobody else's: while it waits for a confirmation, Redis serves nothing else on it. */
export function createConfirmation(redis: Redis, level: ConfirmedLevel, replicasMin: number): Confirm {
  let losses = 0;
  let isKnownAble = false;
  redis.on("close", () => {
    losses += 1;
    isKnownAble = false;
  });
  const insist = level === "fsync" ? () => insistOnDisk(redis) : () => insistReplicated(redis, replicasMin);
  // One answer covers everything that was written before the question.
  const answers = createGroupCommit<Confirm>({ write: insist, maxItems: TOGETHER_MAX, maxWrites: 1 });

  return async (write) => {
    const lossesBefore = losses;
    if (level === "fsync" && !isKnownAble) {
      await insistAble(redis);
      isKnownAble = true;
    }
    await write();
    if (losses === lossesBefore) await answers.add(write).catch(asUnmet);
    if (losses !== lossesBefore) throw unmet("one connection until it is confirmed", "one that was lost");
  };
}

async function insistReplicated(redis: Redis, replicasMin: number): Promise<void> {
  const replicas = await redis.wait(replicasMin, REPLICATED_WITHIN_MS);
  if (replicas >= replicasMin) return;
  throw unmet(
    `${replicasMin} replica${replicasMin === 1 ? "" : "s"} to have it within ${REPLICATED_WITHIN_MS} ms`,
    `${replicas}`,
  );
}

const waitAofAnswer = z.tuple([z.number(), z.number()]);

async function insistOnDisk(redis: Redis): Promise<void> {
  const [onDisk] = waitAofAnswer.parse(await redis.call("WAITAOF", 1, 0, ON_DISK_WITHIN_MS));
  if (onDisk >= 1) return;
  throw unmet(`it to be on Redis' disk within ${ON_DISK_WITHIN_MS} ms`, "a disk that is slower");
}

/** Asked before anything is written, so that a Redis which can never confirm does not collect what it refuses. */
async function insistAble(redis: Redis): Promise<void> {
  try {
    await redis.call("WAITAOF", 1, 0, 1);
    await insistHonest(redis);
  } catch (error) {
    const { message } = summarise(error);
    if (/unknown command/i.test(message))
      throw cannot("Redis 7.2 or later, or Valkey", "one that does not know WAITAOF");
    if (/appendonly is disabled/i.test(message))
      throw cannot("appendonly yes in Redis", "no append-only file");
    throw asUnmet(error);
  }
}

/** The reason why this Redis could confirm nothing at the level `fsync`; null where it can. Writes nothing. */
export async function fsyncProblem(redis: Redis): Promise<Complaint | null> {
  try {
    await insistAble(redis);
    return null;
  } catch (error) {
    if (error instanceof HookwaveError && error.code === "DURABILITY_UNMET") return error;
    throw error;
  }
}

/** The first major version of Redis whose WAITAOF is true under `everysec`; Valkey calls itself 7.2. */
const HONEST_SINCE = 8;

/**
 * WAITAOF of 7.4 and of Valkey 8.0 answers too soon where Redis writes to disk once a second (measured: 0.4 ms for what
 * was written 0.9 s later; redis/redis#13793). With `always` there is nothing left to wait for.
 */
async function insistHonest(redis: Redis): Promise<void> {
  const version = parseInfo(await redis.info("server")).get("redis_version") ?? "";
  if (Number.parseInt(version, 10) >= HONEST_SINCE) return;
  const answer = z.array(z.string()).parse(await redis.config("GET", "*appendfsync*"));
  const settings = new Map(answer.map((name, index) => [name, answer[index + 1]]));
  const policy = settings.get("appendfsync");
  if (policy === "always" && settings.get("no-appendfsync-on-rewrite") === "no") return;
  throw cannot(
    `appendfsync always (and no-appendfsync-on-rewrite no) in Valkey and before Redis ${HONEST_SINCE}`,
    `${policy}`,
  );
}

function asUnmet(error: unknown): never {
  if (error instanceof HookwaveError) throw error;
  throw unmet("Redis to confirm it", summarise(error).message.slice(0, 200), error);
}

function unmet(expected: string, got: string, cause?: unknown): HookwaveError {
  const remedy = "look after the replicas, or Redis' disk";
  return new HookwaveError("DURABILITY_UNMET", { expected, got, remedy }, { cause });
}

function cannot(expected: string, got: string): HookwaveError {
  const remedy = "nothing was stored; change the Redis, or ask for another durability";
  return new HookwaveError("DURABILITY_UNMET", {
    expected: `${expected} for durability "fsync"`,
    got,
    remedy,
  });
}
