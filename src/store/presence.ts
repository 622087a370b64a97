/**
 * Presence of workers: each says every ten seconds that it is there and of which version it is, so that whoever is left
 * can tell that none is. By Redis' clock; one that says nothing for half a minute is not there.
 */
import { z } from "zod";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { WorkersPresent } from "../core/readings.ts";
import type { Keys } from "./keys.ts";
import { NOW } from "./parking.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

const SAY_EVERY_MS = 10_000;
const PRESENT_MS = 30_000;

// The removal comes first: a Redis that is out of memory takes no script whose first write needs some.
const SAY = `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
redis.call('ZADD', KEYS[1], now, ARGV[2])`;

const HEAR = `${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], now - ARGV[1], '+inf')`;

const members = z.array(z.string());

interface SaysItIsThere {
  readonly stop: () => void;
  /** Says that it is gone. */
  readonly leave: () => Promise<void>;
}

interface Presence {
  /** Says so from now on. */
  readonly begin: (worker: { readonly id: string; readonly version: string }) => SaysItIsThere;
  readonly present: () => Promise<WorkersPresent>;
}

export function createPresence(redis: Redis, { workers }: Keys, tell: Tell): Presence {
  const runSay = prepareScript(redis, SAY);
  const runHear = prepareScript(redis, HEAR);
  return {
    begin: ({ id, version }) => {
      const member = `${version} ${id}`;
      // A Redis that is away hears nothing, and is not to hear all of it at once when it is back.
      const tellRedis = async (send: () => Promise<unknown>): Promise<void> => {
        if (redis.status === "ready") await send().catch(tellFailure(tell, "presence"));
      };
      const say = (): void => void tellRedis(() => runSay([workers], [PRESENT_MS, member]));
      const timer = setInterval(say, SAY_EVERY_MS).unref();
      redis.on("ready", say);
      say();
      return {
        stop: () => {
          clearInterval(timer);
          redis.off("ready", say);
        },
        leave: () => tellRedis(() => redis.zrem(workers, member)),
      };
    },
    present: async () => {
      const counts = new Map<string, number>();
      for (const member of members.parse(await runHear([workers], [PRESENT_MS]))) {
        const [version = ""] = member.split(" ");
        counts.set(version, (counts.get(version) ?? 0) + 1);
      }
      return counts;
    },
  };
}
