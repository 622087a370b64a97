/**
 * Makes room for a record where something else lies under its key. Whoever wrote it there has no business among our
 * keys, and the scripts that meet it fail as a whole: one such key would keep every other record from being written.
 * It is kept beside, under another name; what we could have written is never touched.
 */
import { isWrongType } from "../core/errors.ts";
import type { Tell } from "../core/happening.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/** Only while it is of another type: another worker may have made room, and written its record. */
const QUARANTINE = `
local found = redis.call('TYPE', KEYS[1]).ok
if found == 'none' or found == ARGV[1] then return 0 end
return redis.call('RENAME', KEYS[1], KEYS[1] .. ':quarantined')`;

export interface Expected {
  readonly key: string;
  readonly type: "hash" | "stream" | "zset";
}

/** Once more, with room made, where `run` has met something else under one of these keys. */
export async function runWithRoom<T>(
  redis: Redis,
  expected: () => readonly Expected[],
  tell: Tell,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!isWrongType(error)) throw error;
    await quarantine(redis, expected(), tell);
    return await run();
  }
}

export async function quarantine(redis: Redis, expected: readonly Expected[], tell: Tell): Promise<void> {
  const run = prepareScript(redis, QUARANTINE);
  for (const { key, type } of expected) {
    if ((await run([key], [type])) === 0) continue;
    const notice = "something else lay under the key of a record; it was quarantined";
    tell({ kind: "service.noticed", notice, detail: { key, type, now: `${key}:quarantined` } });
  }
}
