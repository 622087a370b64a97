/** The modes that publish: one event per call, many per call, and plain BullMQ adds to compare with. */
import { Queue } from "bullmq";
import { createPublisher } from "../../src/publisher.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { createStopwatch, type Measured } from "../stopwatch.ts";
import { DATA, EVENT_TYPE, inFlight, type Setup } from "../workload.ts";

const EVENT = { type: EVENT_TYPE, data: DATA };
const MANY = 1_000;
const MANY_CALLERS = 4;

export async function publish(setup: Setup): Promise<Measured> {
  const stopwatch = createStopwatch(setup);
  const publisher = createPublisher({ redisUrl: setup.redisUrl });
  await inFlight(setup.skip + setup.count, async () => {
    await publisher.publish(EVENT);
    stopwatch.tick();
  });
  await publisher.close();
  return await stopwatch.measured;
}

/** Few callers, because each of them brings a thousand. */
export async function publishMany(setup: Setup): Promise<Measured> {
  const stopwatch = createStopwatch(setup);
  const publisher = createPublisher({ redisUrl: setup.redisUrl });
  const events = Array.from({ length: MANY }, () => EVENT);
  const storeMany = async (): Promise<void> => {
    await publisher.publishMany(events);
    stopwatch.tick(MANY);
  };
  await inFlight((setup.skip + setup.count) / MANY, storeMany, MANY_CALLERS);
  await publisher.close();
  return await stopwatch.measured;
}

export async function singleAdd(setup: Setup): Promise<Measured> {
  const stopwatch = createStopwatch(setup);
  const connection = connectRedis(setup.redisUrl, "worker", () => undefined);
  const queue = new Queue("single-add", { connection });
  await inFlight(setup.skip + setup.count, async () => {
    await queue.add("event", EVENT);
    stopwatch.tick();
  });
  await queue.close();
  connection.disconnect();
  return await stopwatch.measured;
}
