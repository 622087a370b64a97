/** Any BullMQ client is a producer: jobs added with the plain `bullmq` package, without our SDK. */
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { publish, startApi } from "../support/api.ts";
import { storedLetters } from "../support/letters.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import {
  failuresOf,
  startHookwave,
  startRedis,
  type TestHookwave,
  type TestRedis,
} from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let hookwave: TestHookwave;
let receiver: Receiver;
let connection: Redis;
let events: Queue;

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  receiver = await startReceiver();
  connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  events = new Queue("events", { connection, prefix: "{hookwave}" });
  await hookwave.endpoints.add({ id: "all", url: receiver.url, profile: "hokusai", secrets: ["s"] });
});

afterAll(async () => {
  await events.close();
  connection.disconnect();
  await hookwave.close();
  await receiver[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await hookwave.deadLetters.purge({}, await hookwave.deadLetters.count({}));
});

const bodies = (): readonly string[] => receiver.requests.map(({ body }) => String(body));

/** A job exactly as a client of another language leaves it in Redis: its text is not ours to choose. */
async function addJobText(text: string): Promise<void> {
  await events.pause();
  const job = await events.add("any", {});
  await connection.hset(`{hookwave}:events:${job.id}`, "data", text);
  await events.resume();
}

describe("a job of the plain bullmq package", () => {
  it("is delivered when it is one event with its data as an object", async () => {
    await events.add("whatever", { id: "evt_object", type: "thing.made", data: { b: 1, a: [true] } });

    await until("it has come", () => receiver.ids().includes("evt_object"));
    expect(bodies()).toContain('{"b":1,"a":[true]}');
  });

  it("is delivered when its data is text, as exactly that text", async () => {
    await events.add("whatever", { id: "evt_text", type: "thing.made", data: '{"n": 12345678901234567890}' });

    await until("it has come", () => receiver.ids().includes("evt_text"));
    expect(bodies()).toContain('{"n": 12345678901234567890}');
  });

  it("and any other way of publishing may name types as others do, and subscriptions find them", async () => {
    const types = ["userCreated", "Order.Paid", "user-created"];
    const own = { events: ["userCreated", "Order.*", "user-created"], profile: "standard" } as const;
    await using named = await startReceiver();
    await hookwave.endpoints.add({ id: "named", url: named.url, ...own });
    await using api = await startApi(hookwave);
    for (const type of types) {
      const name = type.replace(".", "_");
      await events.add("whatever", { id: `evt_job_${name}`, type, data: {} });
      await hookwave.publish({ id: `evt_sdk_${name}`, type, data: {} });
      const answer = await publish(api, JSON.stringify({ id: `evt_http_${name}`, type, data: {} }));
      expect(answer.status).toBe(202);
    }

    const expected = types.flatMap((type) => [type, type, type]).toSorted();
    const came = () => named.requests.map(({ body }) => String(Object(JSON.parse(String(body))).type));
    await until("all have come", () => came().length === expected.length);
    expect([...came()].toSorted()).toEqual(expected);
    await hookwave.endpoints.remove("named");
  });

  it("is delivered when it is a list", async () => {
    const list = [1, 2, 3].map((n) => ({ id: `evt_list_${n}`, type: "thing.made", data: { n } }));
    await events.add("whatever", list);

    await until("all have come", () => list.every(({ id }) => receiver.ids().includes(id)));
  });

  it("keeps the bytes of an object that another language wrote into the job", async () => {
    const data = '{"2": 1.0, "1": 98765432109876543210, "k": "\\u00fc\\/"}';
    await addJobText(`[{"id":"evt_python", "type":"thing.made", "data": ${data} }]`);

    await until("it has come", () => receiver.ids().includes("evt_python"));
    expect(bodies()).toContain(data);
  });

  it("gets the same id on every run when it brought none", async () => {
    const before = receiver.requests.length;
    await events.add("whatever", { type: "thing.made", data: {} });

    await until("it has come", () => receiver.requests.length > before);
    expect(receiver.ids().at(-1)).toMatch(/^evt_[0-9a-f]{32}$/);
  });
});

describe("a job that cannot be read", () => {
  it.each([
    ["no JSON at all", "{oops", "not JSON"],
    ["an empty list", "[]", "no event"],
    ["a number", "7", "event"],
    ["no type", '{"data":{}}', "type"],
    ["a type from hell", '{"type":"A B","data":{}}', "type"],
    ["no data", '{"type":"thing.made"}', "data"],
    ["text that is no JSON", '{"type":"thing.made","data":"hello"}', "data"],
    ["data that is too large", `{"type":"thing.made","data":{"x":"${"y".repeat(262_144)}"}}`, "262144 bytes"],
    ["an id with a dot", '{"id":"a.b","type":"thing.made","data":{}}', "id"],
    ["a timestamp that is none", '{"type":"thing.made","timestamp":"yesterday","data":{}}', "timestamp"],
  ])("is a dead letter with the reason: %s", async (_what, text, problem) => {
    await addJobText(text);

    const [stored] = await until("it is buried", async () => {
      const letters = await storedLetters(hookwave);
      return letters.length > 0 && letters;
    });
    expect(stored?.letter).toMatchObject({
      kind: "job",
      because: "invalid",
      problem: expect.stringContaining(problem),
    });
  });

  it("does not take the readable ones of its list with it, nor stop the queue", async () => {
    const broken = { id: "not an id", type: "thing.made", data: {} };
    await events.add("whatever", [
      { id: "evt_before", type: "thing.made", data: {} },
      broken,
      { id: "evt_after", type: "thing.made", data: {} },
    ]);

    await until("the readable ones have come", () =>
      ["evt_before", "evt_after"].every((id) => receiver.ids().includes(id)),
    );
    const [stored] = await storedLetters(hookwave);
    expect(stored?.letter).toMatchObject({ text: JSON.stringify(broken) });
  });

  it("is left for a newer worker when a newer producer wrote it", async () => {
    await events.add("whatever", { v: 99, events: [{ type: "thing.made", data: {} }] });

    await until("a worker has put it back", async () => (await events.getDelayedCount()) === 1);
    expect(await storedLetters(hookwave)).toEqual([]);
    await events.obliterate({ force: true });
  });
});

describe("a list of any length", () => {
  it("is claimed in pieces, since a command's arguments are limited", async () => {
    const list = Array.from({ length: 30_000 }, (_, n) => ({
      id: `long_${n}`,
      type: "nobody.listens",
      data: "{}",
    }));
    await hookwave.endpoints.remove("all");
    try {
      await events.add("whatever", list);
      // Asked over a connection without a deadline: reading the list keeps this process from its sockets.
      await until("it is done", async () => (await events.getJobCountByTypes("active", "waiting")) === 0);
    } finally {
      await hookwave.endpoints.add({ id: "all", url: receiver.url, profile: "hokusai", secrets: ["s"] });
    }
    expect(await connection.exists("{hookwave}:recent")).toBe(1);
    expect(failuresOf(hookwave)).toEqual([]);
  });
});

describe("names that would brick a queue (trap 3)", () => {
  it.each(["meta", "events", "wait", "marker", "7", "a-b_c"])(
    "delivers an event whose id is %s",
    async (id) => {
      await hookwave.publish({ id, type: "thing.made", data: {} });

      await until("it has come", () => receiver.ids().includes(id));
    },
  );
});
