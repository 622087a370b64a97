/** Hundreds of jobs as nobody means them, put straight into Redis: each is delivered or buried, and the queues go on. */
import { Queue } from "bullmq";
import fc from "fast-check";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { hostileText } from "../support/hostile.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const EVENT = '{"id":"evt_1","type":"thing.made","timestamp":"2026-01-31T12:00:00Z","data":{"n":1.0}}';
const DELIVERY =
  '{"v":1,"delivery":{"event":{"id":"evt_1","type":"thing.made","timestamp":"2026-01-31T12:00:00Z","data":"{}"},"endpointId":"ep_1","acceptedAt":1,"attempts":[],"round":0,"heldSince":null}}';
const JOBS_EACH = 300;
/** The version of a job that no worker knows keeps it waiting, as it should. */
const isOfLaterVersion = (text: string): boolean => /"v":\s*(?:[3-9]|\d{2}|\d[.e])/.test(text);

it("a flood of alien jobs", async () => {
  await using redis = await startRedis();
  await using receiver = await startReceiver();
  await using api = await startHookwave(redis, { role: "api" });
  await api.endpoints.add({ id: "ep_1", url: receiver.url });
  const admin = new Redis(redis.url, { maxRetriesPerRequest: null });
  const field = fc.constantFrom(
    "opts",
    "progress",
    "parent",
    "stc",
    "ats",
    "atm",
    "delay",
    "rjk",
    "defa",
    "timestamp",
  );
  for (const [queueName, original] of [
    ["events", EVENT],
    ["deliveries", DELIVERY],
  ] as const) {
    const queue = new Queue(queueName, { connection: admin, prefix: "{hookwave}" });
    const job = fc.tuple(
      hostileText([original]),
      fc.option(fc.tuple(field, hostileText(["{}", "7"])), { freq: 2 }),
    );
    const planted = fc.sample(job, { numRuns: JOBS_EACH }).filter(([text]) => !isOfLaterVersion(text));
    for (const [text, beside] of planted) {
      const { id } = await queue.add("alien", {});
      await admin.hset(`{hookwave}:${queueName}:${id}`, "data", text, ...(beside ?? []));
    }
    await queue.close();
  }

  await using worker = await startHookwave(redis);
  await worker.publish({ id: "evt_good", type: "thing.made", data: {} });
  await until("the good one has come", () => receiver.ids().includes("evt_good"));
  await until(
    "nothing is left to do",
    async () => {
      const { new: fresh, retrying } = await worker.queueCounts();
      return fresh.depth + retrying.depth === 0;
    },
    90_000,
  );

  const buried = worker.happenings.filter(
    ({ kind }) => kind === "job.buried" || kind === "delivery.buried",
  ).length;
  const dead = (await worker.queueCounts()).dead.depth;
  expect(buried).toBeGreaterThan(JOBS_EACH);
  expect(dead).toBeGreaterThan(JOBS_EACH);
  expect(worker.isConsuming()).toBe(true);
  admin.disconnect();
}, 150_000);
