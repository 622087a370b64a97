/**
 * An inbox in Redis or Valkey (≥ 2.8), shared by all instances of a receiver. It brings no client of its own: one
 * function that sends a command is all it needs, and every client has one.
 */
import type { InboxStore } from "./inbox-store.ts";

/** ioredis: `(name, ...args) => redis.call(name, ...args)`; node-redis: `(...command) => redis.sendCommand(command)`. */
export type RedisCommand = (name: string, ...args: string[]) => Promise<unknown>;

/** No holder's name: those are UUIDs. */
const DONE = "done";

const RELEASE =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

export function createRedisStore(
  command: RedisCommand,
  { prefix = "hookwave:inbox:" }: { readonly prefix?: string } = {},
): InboxStore {
  return {
    claim: async (id, holder, leaseMs) => {
      const key = prefix + id;
      if ((await command("SET", key, holder, "PX", String(leaseMs), "NX")) !== null)
        return { kind: "claimed" };
      if ((await command("GET", key)) === DONE) return { kind: "done" };
      // Below 0 where the claim has lapsed meanwhile: the next copy will get it.
      return { kind: "busy", forMs: Math.max(0, Number(await command("PTTL", key))) };
    },
    complete: async (id, keepMs) => {
      await command("SET", prefix + id, DONE, "PX", String(keepMs));
    },
    release: async (id, holder) => {
      await command("EVAL", RELEASE, "1", prefix + id, holder);
    },
  };
}
