/**
 * The connection to the Redis that holds the legacy bus. It is opened when it is first needed: who only sends webhooks
 * never connects. Its troubles are told by who needs it (bus/writer.ts, once a minute), not at each try to connect.
 */
import type { BusLink } from "../bus/ports.ts";
import { connectRedis, type Redis, redisUnavailable, untilReady } from "./redis.ts";
import { busInCluster, type RedisPlace } from "./redis-place.ts";

export interface OwnedBusLink extends BusLink {
  readonly listenersOf: (channel: string) => Promise<number>;
  readonly disconnect: () => void;
}

export function createBusLink(place: RedisPlace): OwnedBusLink {
  let redis: Redis | null = null;
  let trouble = "";
  const connected = (): Redis => {
    if (place.cluster !== undefined) throw busInCluster();
    redis ??= connectRedis(place, "bus", ({ message }) => {
      trouble = message;
    });
    return redis;
  };
  return {
    untilReady: async (patienceMs) => {
      const connection = connected();
      await untilReady(connection, patienceMs).catch((cause: unknown) => {
        throw redisUnavailable(`a connection that is ${connection.status}: ${trouble || "no answer"}`, cause);
      });
    },
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
