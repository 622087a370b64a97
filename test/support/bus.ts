/** The legacy bus as its consumers have it: a list that is popped, and a channel that is listened to. */
import { connectRedis, type Redis } from "../../src/store/redis.ts";

export interface BusConsumer extends AsyncDisposable {
  readonly redis: Redis;
  /** What the list holds, oldest first. */
  readonly entries: () => Promise<readonly string[]>;
  /** What the channel has said. */
  readonly heard: readonly string[];
}

export const LIST = "hokusai:model_ready_queue";
export const CHANNEL = `${LIST}:pubsub`;

export async function listenToBus(url: string, channel = CHANNEL): Promise<BusConsumer> {
  const redis = connectRedis(url, "worker", () => undefined);
  const listener = connectRedis(url, "watcher", () => undefined);
  const heard: string[] = [];
  listener.on("message", (_channel: string, text: string) => heard.push(text));
  await listener.subscribe(channel);
  return {
    redis,
    entries: async () => (await redis.lrange(LIST, 0, -1)).toReversed(),
    heard,
    [Symbol.asyncDispose]: async () => {
      redis.disconnect();
      listener.disconnect();
    },
  };
}

/** An event of the one type that the bus takes by default, as the service that is replaced publishes it. */
export const registered = (id: string) => ({
  id,
  type: "model.registered" as const,
  dataText: `{"model_id":"${id}","version":1e2}`,
  legacyText: `{ "model_id": "${id}", "token_symbol": "msft-1", "current_value": 0.90 }`,
});
