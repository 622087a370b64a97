/** Events that are handed on go on in the name of one job, whatever number other queues have given to theirs. */
import { Queue } from "bullmq";
import { describe, expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { namesOf, oneOfEach, SHARDS, shardOf } from "../support/shards.ts";
import { until } from "../support/until.ts";

const TYPE = "thing.made";

/** BullMQ numbers the jobs of each queue apart. */
async function addFirst(url: string, prefix: string, ids: readonly string[]): Promise<void> {
  const queue = new Queue("events", { connection: { url }, prefix });
  const job = await queue.add(
    "events",
    ids.map((id) => ({ id, type: TYPE, data: "{}" })),
  );
  await queue.close();
  expect(job.id).toBe("1");
}

/** Answers nobody before it is released. */
async function startHeld() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const receiver = await startReceiver((response) => {
    void promise.then(() => response.writeHead(200).end());
  });
  return { ...receiver, release: resolve };
}

describe("events in the first job of two queues", () => {
  it("are sent once, also while the first POST is open", async () => {
    const [, , id = ""] = oneOfEach("twice");
    await using server = await startRedis();
    await using receiver = await startHeld();
    await using hookwave = await startHookwave(server, { shards: SHARDS });
    await hookwave.endpoints.add({ id: "slow", url: receiver.url });
    await addFirst(server.url, "{hookwave:2}", [id]);
    await until("its POST is open", () => receiver.requests.length === 1);
    await addFirst(server.url, "{hookwave}", [id]);
    const isDuplicate = () => hookwave.happenings.some(({ kind }) => kind === "event.duplicated");
    await until("the other has come", () => isDuplicate() || receiver.requests.length > 1);
    receiver.release();
    await until("nothing is left", async () => (await hookwave.queueCounts()).new.depth === 0);
    expect(receiver.ids()).toEqual([id]);
  });

  it("let those through that are in one of the two alone", async () => {
    const [both = "", one = "", other = ""] = namesOf("both", 100).filter((id) => shardOf(id) === 2);
    await using server = await startRedis();
    await using receiver = await startHeld();
    await using hookwave = await startHookwave(server, { shards: SHARDS });
    await hookwave.endpoints.add({ id: "slow", url: receiver.url });
    await addFirst(server.url, "{hookwave}", [both, one]);
    await until("its POSTs are open", () => receiver.requests.length === 2);
    await addFirst(server.url, "{hookwave:0}", [both, other]);
    const depth = async () => (await hookwave.queueCounts()).new.depth;
    await until("it is handed on", async () => receiver.ids().includes(other) || (await depth()) === 1);
    receiver.release();
    await until("nothing is left", async () => (await hookwave.queueCounts()).new.depth === 0);
    expect(receiver.ids().toSorted()).toEqual([both, one, other].toSorted());
  });
});
