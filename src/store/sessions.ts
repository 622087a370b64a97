/**
 * Sessions of people who have signed in, in Redis. A session's id is a secret, so only its SHA-256 is here: whoever reads
 * Redis can be nobody. One that is not used for twelve hours is forgotten, and of one key there are at most a hundred.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

interface StoredSession {
  readonly keyId: string;
  /** Shows that the key is still the one that it was begun with; of use to nobody without the session's id. */
  readonly proof: string;
}

export interface SessionStore {
  /** The oldest session of a key that has too many ends. */
  readonly begin: (id: string, session: StoredSession, nowMs: number) => Promise<void>;
  /** Null when it has ended, or never was. Another twelve hours begin. */
  readonly use: (id: string) => Promise<StoredSession | null>;
  readonly end: (id: string) => Promise<void>;
}

const LIFE_SECONDS = 12 * 60 * 60;
/** Of one key: a program that signs in again and again must not fill Redis. */
const SESSIONS_MAX = 100;

const recordSchema = z.object({ v: z.literal(1), keyId: z.string(), proof: z.string() });

// KEYS: the session, the sessions of its key by when they were begun. ARGV: the record, now, life in seconds.
const BEGIN = `
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
local many = redis.call('ZCARD', KEYS[2]) - ${SESSIONS_MAX}
if many > 0 then
  for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, many - 1)) do redis.call('DEL', name) end
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, many - 1)
end`;

export function createSessionStore(redis: Redis, keys: Keys): SessionStore {
  const runBegin = prepareScript(redis, BEGIN);
  const nameOf = (id: string): string => keys.session(hash("sha256", id, "base64url"));
  return {
    begin: async (id, session, nowMs) => {
      const record = JSON.stringify({ v: 1, ...session });
      await runBegin([nameOf(id), keys.sessionsOf(session.keyId)], [record, nowMs, LIFE_SECONDS]);
    },
    use: async (id) => {
      const text = await redis.getex(nameOf(id), "EX", LIFE_SECONDS);
      return text === null ? null : readText(recordSchema, text);
    },
    end: async (id) => {
      const text = await redis.getdel(nameOf(id));
      const session = text === null ? null : readText(recordSchema, text);
      if (session !== null) await redis.zrem(keys.sessionsOf(session.keyId), nameOf(id));
    },
  };
}
