/** All dead letters at once, among them one that this version cannot read. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { freshDirectory, runCommand } from "../support/command.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

/** A letter as another version might leave it. */
async function addStrangeLetter(redis: TestRedis): Promise<void> {
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const queue = new Queue("dead-letters", { connection, prefix: "{hookwave}" });
  await queue.add("exhausted", { kind: "parcel", from: "the future" }, { jobId: "strange" });
  await queue.close();
  connection.disconnect();
}

describe("replaying all dead letters", () => {
  it("sends the oldest first, each once, and refuses the one that cannot be read without losing it", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    await using receiver = await startReceiver(500);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [], maxInFlight: 1 });
    const bury = async (id: string, nth: number): Promise<void> => {
      await hookwave.publish({ id, type: "thing.made", data: {} });
      const buried = () => hookwave.happenings.filter(({ kind }) => kind === "delivery.buried");
      await until(`${id} is buried`, () => buried().length === nth);
    };
    await bury("evt_first", 1);
    await addStrangeLetter(redis);
    await bury("evt_second", 2);

    const listed = await hookwave.deadLetters.list(0, 10);
    expect(listed.map(({ id }) => id)).toEqual((await hookwave.deadLetters.ids()).toReversed());
    expect(listed[1]).toMatchObject({
      id: "strange",
      letter: { kind: "job", because: "invalid", text: '{"kind":"parcel","from":"the future"}' },
    });

    receiver.replies(200);
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url };
    const { code, stdout } = await runCommand(["dead-letters", "replay", "--all", "--json"], variables);
    const { replayed, refused } = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(replayed).toEqual([listed[2]?.id, listed[0]?.id]);
    expect(refused).toMatchObject([
      { id: "strange", problem: expect.stringContaining("this version cannot read it") },
    ]);
    await receiver.received(4);
    expect(receiver.ids().slice(2).toSorted()).toEqual(["evt_first", "evt_second"]);
    expect(await hookwave.deadLetters.ids()).toEqual(["strange"]);
  });
});
