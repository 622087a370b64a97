/**
 * The connection to the Redis that holds the legacy bus. It is opened when it is first needed: who only sends webhooks
 * never connects.
 */
import type { BusLink } from "../bus/ports.ts";
import { connectRedis, type Redis, untilReady } from "./redis.ts";

export interface OwnedBusLink extends BusLink {
  readonly listenersOf: (channel: string) => Promise<number>;
  readonly disconnect: () => void;
}

export function createBusLink(url: string): OwnedBusLink {
  let redis: Redis | null = null;
  // Said by whoever is refused for it, not once for each time that ioredis tries again.
  let trouble: Error | null = null;
  const connected = (): Redis => {
    redis ??= connectRedis(url, "bus", (error) => {
      trouble = error;
    });
    return redis;
  };
  return {
    untilReady: (patienceMs) =>
      untilReady(connected(), patienceMs).catch((error: unknown) => {
        throw trouble ?? error;
      }),
    send: async (commands) => {
      const pipeline = connected().pipeline();
      for (const [name, ...args] of commands) pipeline.call(name, ...args);
      const replies = (await pipeline.exec()) ?? [];
      return replies.map(([error, reply]) => error ?? Number(reply));
    },
    listenersOf: async (channel) => Number((await connected().pubsub("NUMSUB", channel))[1]),
    disconnect: () => redis?.disconnect(),
  };
}
