/**
 * A receiver's process that can be killed in the middle of a handler. Started by test/integration/receiver-inbox.test.ts;
 * says "handling" on its channel, and then hangs until it is killed, or handles the event, as it is told.
 */
import { Redis } from "ioredis";
import { createInbox } from "../../src/receiver/inbox.ts";
import { createRedisStore } from "../../src/receiver/redis-store.ts";

const [redisUrl = "", eventId = "", leaseMs = ""] = process.argv.slice(2);
const redis = new Redis(redisUrl);
const inbox = createInbox({
  store: createRedisStore((name, ...args) => redis.call(name, ...args)),
  leaseMs: Number(leaseMs),
  handler: async () => {
    process.send?.("handling");
    await Promise.withResolvers<void>().promise;
  },
});
await inbox.process({ kind: "custom", id: eventId, type: "thing.done", timestamp: "", data: {} });
