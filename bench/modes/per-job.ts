/** Mode `perJob`: one plain BullMQ job per delivery, as a queue's tutorial would have it. */
import { Queue, Worker } from "bullmq";
import { connectRedis } from "../../src/store/redis.ts";
import { createStopwatch, type Measured } from "../stopwatch.ts";
import { BODY, IN_FLIGHT, type Setup } from "../workload.ts";
import { createPlainPost } from "./plain-post.ts";

interface Job {
  readonly id: string;
  readonly body: string;
}

const QUEUE = "per-job";
const FILL_AT_ONCE = 1_000;

export async function fillPerJob(setup: Setup): Promise<void> {
  const connection = connectRedis(setup.redisUrl, "worker", () => undefined);
  const queue = new Queue<Job>(QUEUE, { connection });
  const total = setup.skip + setup.count;
  for (let from = 0; from < total; from += FILL_AT_ONCE) {
    const length = Math.min(FILL_AT_ONCE, total - from);
    await queue.addBulk(
      Array.from({ length }, (_, index) => ({
        name: "deliver",
        data: { id: `msg_${from + index}`, body: BODY },
        opts: { removeOnComplete: true },
      })),
    );
  }
  await queue.close();
  connection.disconnect();
}

export async function perJob(setup: Setup): Promise<Measured> {
  const stopwatch = createStopwatch(setup);
  const post = createPlainPost(setup.receiverUrl);
  const connection = connectRedis(setup.redisUrl, "worker", () => undefined);
  const worker = new Worker<Job>(
    QUEUE,
    async ({ data }) => {
      await post.send(data.id, data.body);
      stopwatch.tick();
    },
    { connection, concurrency: IN_FLIGHT },
  );
  const measured = await stopwatch.measured;
  await worker.close();
  await post.close();
  connection.disconnect();
  return measured;
}
