/**
 * A Lua script, sent once and then called by its digest. Scripts are used where several writes must be one, and
 * where a group of records costs less as one command than as hundreds.
 */
import { hash } from "node:crypto";
import type { Redis } from "./redis.ts";

type RunScript = (keys: readonly string[], args: readonly (string | number | Buffer)[]) => Promise<unknown>;

export function prepareScript(redis: Redis, lua: string): RunScript {
  const digest = hash("sha1", lua, "hex");
  return async (keys, args) => {
    try {
      return await redis.evalsha(digest, keys.length, ...keys, ...args);
    } catch (error) {
      // A Redis that was restarted, or has never seen the script, asks for its text.
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return await redis.eval(lua, keys.length, ...keys, ...args);
    }
  };
}
