/** Secrets that are looked for where they must not be, in every form that a plain search would miss. */
import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";

export type Canaries = Readonly<Record<string, string>>;

export const canary = (): string => `canary${randomBytes(24).toString("hex")}`;
export const signingSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

/** Base64 and percent-encoding hide a text from a plain search. */
function formsOf(secret: string): readonly string[] {
  const bare = secret.replace(/^wh(?:sec|sk)_/, "");
  return [bare, encodeURIComponent(bare), Buffer.from(bare).toString("base64").replace(/=+$/, "")];
}

/** The names of those that are in it. */
export function found(canaries: Canaries, text: string): readonly string[] {
  return Object.entries(canaries).flatMap(([what, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [what] : [],
  );
}

/** Every key and all that lies under it. */
export async function everythingIn(redis: Redis): Promise<string> {
  const texts: string[] = [];
  for (const key of await redis.keys("*")) texts.push(key, await readKey(redis, key));
  return texts.join("\n");
}

async function readKey(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case "hash":
      return JSON.stringify(await redis.hgetall(key));
    case "list":
      return JSON.stringify(await redis.lrange(key, 0, -1));
    case "set":
      return JSON.stringify(await redis.smembers(key));
    case "zset":
      return JSON.stringify(await redis.zrange(key, 0, "-1"));
    case "stream":
      return JSON.stringify(await redis.xrange(key, "-", "+"));
    default:
      return String(await redis.get(key));
  }
}

/** Canaries that do lie open somewhere, for those who may look there. */
export const openCanaries = () => ({
  /** They lie in Redis, for whoever sends needs them; but an admin alone reads them back, for they may hold tokens. */
  ADDRESSES: {
    "a URL's path": canary(),
    "a URL's query": canary(),
    "a destination's path": canary(),
    "a destination's query": canary(),
  },
  /** These belong to whoever may read events; logs, metrics and traces have no business with them. */
  CONTENTS: {
    "an event's data": canary(),
    "the data of an event that is refused": canary(),
    "an answer's body": canary(),
    "an answer's header": canary(),
  },
});
