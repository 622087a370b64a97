/**
 * The state of Redis for whoever wants to publish: asked by a write like that of a publish, a script that needs memory, for a
 * server that answers PING may refuse every write.
 */
import { HookwaveError, summarise } from "../core/errors.ts";
import { type RedisState, redisWord } from "../core/redis-replies.ts";
import type { Keys } from "./keys.ts";
import { type Redis, redisTrouble } from "./redis.ts";
import { prepareScript } from "./script.ts";

const WRITE = "return redis.call('SET', KEYS[1], '', 'PX', 1000)";

/** Answers as soon as `redis` does or gives up: a producer's connection, within a second. */
export function createAskState(redis: Redis, { readiness }: Keys): () => Promise<RedisState> {
  const runWrite = prepareScript(redis, WRITE);
  return () =>
    runWrite([readiness], []).then(
      () => ({ kind: "writable" }),
      (error: unknown) => stateOf(error),
    );
}

function stateOf(error: unknown): RedisState {
  if (redisTrouble(error) === "unanswered") return { kind: "unreachable" };
  const remedy = error instanceof HookwaveError ? error.remedy : `see its log: ${summarise(error).message}`;
  return { kind: "refusing", says: redisWord(error) ?? "ERR", remedy: remedy.slice(0, REMEDY_MAX_CHARS) };
}

const REMEDY_MAX_CHARS = 200;
