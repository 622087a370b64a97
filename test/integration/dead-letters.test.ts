/** Looking through dead letters: filters, pages, what a crash leaves behind, and removing them. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asEndpointId } from "../../src/core/brand.ts";
import type { LetterFilter } from "../../src/core/letter.ts";
import { createDeadLetters } from "../../src/queue/dead-letters.ts";
import type { LetterIndex } from "../../src/queue/ports.ts";
import { openQueues } from "../../src/queue/queues.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createLetterIndex } from "../../src/store/letter-index.ts";
import { freshDirectory, runCommand, runForJson } from "../support/command.ts";
import { aLetter, bury, type LetterSketch, storedLetters, summaries } from "../support/letters.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let raw: Redis;
let hookwave: TestHookwave;

beforeEach(async () => {
  redis = await startRedis();
  raw = new Redis(redis.url);
  hookwave = await startHookwave(redis, { role: "api" });
});

afterEach(async () => {
  raw.disconnect();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

/** Letters of numbered events, `of` as many. */
const letters = (of: number, sketch: (n: number) => Partial<LetterSketch> = () => ({})) =>
  Array.from({ length: of }, (_, n) => aLetter({ eventId: `evt_${n}`, endpoint: "ep_1", ...sketch(n) }));

const MINUTE_MS = 60_000;
const NOON = Date.parse("2026-01-31T12:00:00Z");

describe("a list of dead letters", () => {
  it.each<[string, LetterFilter, readonly string[]]>([
    ["nothing", {}, ["evt_3", "evt_2", "evt_1", "evt_0"]],
    ["an endpoint", { endpoint: asEndpointId("ep_b") }, ["evt_3", "evt_1"]],
    ["a type", { type: "job.done" }, ["evt_2"]],
    ["a family of types", { type: "job.*" }, ["evt_2", "evt_0"]],
    ["a reason", { reason: "gone" }, ["evt_1"]],
    ["a time from which on", { since: NOON + 2 * MINUTE_MS }, ["evt_3", "evt_2"]],
    ["a time before which", { until: NOON + 2 * MINUTE_MS }, ["evt_1", "evt_0"]],
    ["all at once", { endpoint: asEndpointId("ep_b"), type: "*", reason: "gone", since: NOON }, ["evt_1"]],
  ])("is narrowed to %s, newest first, and counted alike", async (_, filter, expected) => {
    const types = ["job.begun", "thing.made", "job.done", "thing.made"];
    await bury(
      redis,
      letters(4, (n) => ({
        type: types[n] ?? "",
        endpoint: n % 2 === 0 ? "ep_a" : "ep_b",
        because: n === 1 ? "gone" : "exhausted",
        buriedAt: NOON + n * MINUTE_MS,
      })),
    );

    expect((await summaries(hookwave, filter)).map(({ eventId }) => eventId)).toEqual(expected);
    expect(await hookwave.deadLetters.count(filter)).toBe(expected.length);
  });

  it("says of each what the letter says", async () => {
    const [id] = await bury(
      redis,
      letters(1, () => ({ buriedAt: NOON })),
    );

    expect(await summaries(hookwave)).toEqual([
      {
        id,
        eventId: "evt_0",
        eventType: "thing.made",
        endpointId: "ep_1",
        because: "exhausted",
        buriedAt: "2026-01-31T12:00:00.000Z",
        attempts: 1,
        lastStatus: 500,
      },
    ]);
  });

  it("shows each once, also those of one millisecond, while what was shown is taken away", async () => {
    const ids = await bury(
      redis,
      letters(25, () => ({ buriedAt: NOON })),
    );
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page = await hookwave.deadLetters.list({}, { after, limit: 4 });
      expect(page.data.length).toBeLessThanOrEqual(4);
      for (const { id } of page.data) await hookwave.deadLetters.remove(id);
      seen.push(...page.data.map(({ id }) => id));
      after = page.next;
    } while (after !== null);

    expect(seen).toHaveLength(25);
    expect(new Set(seen)).toEqual(new Set(ids));
  });

  it("looks at a few hundred for one page, and says where to go on when they were not asked for", async () => {
    await bury(
      redis,
      letters(2_100, (n) => ({ buriedAt: NOON + n, because: n === 0 ? "gone" : "exhausted" })),
    );

    const first = await hookwave.deadLetters.list({ reason: "gone" }, { after: null, limit: 20 });
    expect(first.data).toEqual([]);
    expect(first.next).not.toBeNull();

    const found = await summaries(hookwave, { reason: "gone" }, 20);
    expect(found.map(({ eventId }) => eventId)).toEqual(["evt_0"]);
  });

  it("refuses a cursor it has not given out", async () => {
    const listing = hookwave.deadLetters.list({}, { after: "yesterday", limit: 20 });
    await expect(listing).rejects.toMatchObject({ code: "CURSOR_INVALID" });
  });

  it("does not show an entry whose letter is not there, and drops it once no burial can be under way", async () => {
    const sketch = (n: number) => ({ buriedAt: n === 0 ? NOON : Date.now() });
    const ids = await bury(redis, letters(2, sketch));
    const queue = new Queue("dead-letters", { connection: raw, prefix: "{hookwave}" });
    for (const id of ids) await queue.remove(id);
    await queue.close();

    expect(await summaries(hookwave)).toEqual([]);
    expect(await raw.zrange("{hookwave}:letters", 0, "-1")).toEqual([ids[1]]);
    expect(await raw.hkeys("{hookwave}:letter-summaries")).toEqual([ids[1]]);
    expect(await raw.zrange("{hookwave}:letters:ep_1", 0, "-1")).toEqual([ids[1]]);
  });
});

describe("a letter that came past the index, such as another version's", () => {
  it("is found at the next start, shown as it is, and does not hide the others", async () => {
    await bury(redis, letters(1));
    const queue = new Queue("dead-letters", { connection: raw, prefix: "{hookwave}" });
    await queue.add("exhausted", { kind: "parcel", from: "the future" }, { jobId: "strange" });
    await queue.close();
    expect(await summaries(hookwave)).toHaveLength(1);

    await using _next = await startHookwave(redis, { role: "api" });

    await until("it is found", async () => (await summaries(hookwave)).length === 2);
    const [strange] = await storedLetters(hookwave);
    expect(strange).toMatchObject({
      id: "strange",
      letter: { kind: "job", because: "invalid", text: '{"kind":"parcel","from":"the future"}' },
    });
  });
});

describe("replaying one", () => {
  it("shows its delivery as waiting again, in its next round", async () => {
    await using receiver = await startReceiver(500);
    await hookwave.endpoints.add({ id: "ep_1", url: receiver.url, retrySchedule: [] });
    const worker = await startHookwave(redis);
    await hookwave.publish({ id: "evt_1", type: "thing.made", data: {} });
    await until("it is buried", async () => (await hookwave.queueCounts()).dead.depth === 1);
    await worker.close();

    const [letter] = await summaries(hookwave);
    await hookwave.deadLetters.replay(letter?.id ?? "");

    const delivery = await hookwave.deliveries.get("evt_1.ep_1");
    expect(delivery.state).toMatchObject({ status: "held", round: 1, attempts: [] });
  });
});

describe("removing dead letters", () => {
  it("one takes it from the list, and a second time it is unknown", async () => {
    const [id = ""] = await bury(redis, letters(1));
    await hookwave.deadLetters.remove(id);

    expect(await hookwave.deadLetters.count({})).toBe(0);
    expect((await hookwave.queueCounts()).dead.depth).toBe(0);
    await expect(hookwave.deadLetters.remove(id)).rejects.toMatchObject({ code: "DEAD_LETTER_UNKNOWN" });
  });

  it("many wants their number confirmed, and removes nothing when it is another", async () => {
    await bury(redis, letters(5));

    const purging = hookwave.deadLetters.purge({}, 4);

    await expect(purging).rejects.toMatchObject({ code: "PURGE_UNCONFIRMED" });
    await expect(purging).rejects.toThrow("expected the confirmation of 5");
    expect((await hookwave.queueCounts()).dead.depth).toBe(5);
  });

  it("many removes none that was written after they were counted, whatever its date", async () => {
    await bury(
      redis,
      letters(1, () => ({ buriedAt: NOON })),
    );
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queues = openQueues(connection, "{hookwave}", () => undefined);
    const index = createLetterIndex(connection, createKeys("{hookwave}"));
    const walk: LetterIndex["walk"] = async (...asked) => {
      const page = await index.walk(...asked);
      await bury(redis, [aLetter({ eventId: "evt_late", endpoint: "ep_1", buriedAt: NOON - 1 })]);
      return page;
    };
    const { purge } = createDeadLetters({
      queues,
      index: { ...index, walk },
      redis: connection,
      replayLetter: () => Promise.reject(new Error("nothing is sent again")),
      now: () => NOON,
    });

    expect(await purge({}, 1)).toBe(1);

    await queues.close();
    connection.disconnect();
    expect((await summaries(hookwave)).map(({ eventId }) => eventId)).toEqual(["evt_late"]);
    expect((await hookwave.queueCounts()).dead.depth).toBe(1);
  });

  it("many removes those that match and no others", async () => {
    await bury(
      redis,
      letters(1_250, (n) => ({ type: n % 5 === 0 ? "job.done" : "thing.made" })),
    );

    expect(await hookwave.deadLetters.purge({ type: "thing.*" }, 1_000)).toBe(1_000);

    expect((await hookwave.queueCounts()).dead.depth).toBe(250);
    expect(new Set((await summaries(hookwave)).map(({ eventType }) => eventType))).toEqual(
      new Set(["job.done"]),
    );
    expect(await raw.hlen("{hookwave}:letter-summaries")).toBe(250);
  });
});

describe("the commands", () => {
  it("list what is asked for, page by page, and purge it", async () => {
    await using directory = await freshDirectory();
    const variables = { HOOKWAVE_DATA_DIR: directory.path };
    await bury(
      redis,
      letters(5, (n) => ({ buriedAt: NOON + n, type: n === 4 ? "job.done" : "thing.made" })),
    );
    const things = ["--type", "thing.*", "--since", "2026-01-31T12:00:00.001Z", "--redis", redis.url];

    const first = await runForJson(["dead-letters", "list", ...things, "--limit", "2"], variables);
    const rest = await runForJson(["dead-letters", "list", ...things, "--after", first.next], variables);

    const found = [...first.data, ...rest.data].map(({ event_id: eventId }) => eventId);
    expect(found).toEqual(["evt_3", "evt_2", "evt_1"]);
    expect([first.total, rest.next]).toEqual([3, null]);
    expect(await runForJson(["dead-letters", "purge", "--yes", ...things], variables)).toEqual({ purged: 3 });
    expect(await hookwave.deadLetters.count({})).toBe(2);
  });

  it("replay all, each once, and report the one that cannot be read without losing it", async () => {
    await using directory = await freshDirectory();
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ id: "ep_1", url: receiver.url, maxInFlight: 1 });
    await bury(redis, letters(4));
    await bury(redis, [
      {
        kind: "job",
        jobId: "7",
        addedAt: NOON,
        text: "no JSON",
        problem: "the job's data is not JSON",
        because: "invalid",
        buriedAt: "2026-01-31T12:00:00.000Z",
      },
    ]);
    const replay = ["dead-letters", "replay", "--all", "--json", "--redis", redis.url];

    const replaying = await runCommand(replay, { HOOKWAVE_DATA_DIR: directory.path });

    const [unreadable] = await summaries(hookwave);
    expect(replaying.code).toBe(1);
    expect(JSON.parse(replaying.stdout)).toMatchObject({
      state: "done",
      total: 5,
      replayed: 4,
      failed: 1,
      failures: [{ id: unreadable?.id, problem: expect.stringContaining("the job's data is not JSON") }],
    });
    await using _worker = await startHookwave(redis);
    await receiver.received(4);
    expect(receiver.ids().toSorted()).toEqual(["evt_0", "evt_1", "evt_2", "evt_3"]);
    expect(await hookwave.deadLetters.count({})).toBe(1);
  });
});
