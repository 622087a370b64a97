/** Dead letters over HTTP: every route, and each of its refusals. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Api, startApi } from "../support/api.ts";
import { type ApiClient, clientOf, refused } from "../support/api-client.ts";
import { aLetter, bury } from "../support/letters.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

let redis: TestRedis;
let hookwave: TestHookwave;
let receiver: Receiver;
let api: Api;
let client: ApiClient;

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  api = await startApi(hookwave);
  client = clientOf(api);
  receiver = await startReceiver();
  await hookwave.endpoints.add({ id: "ep_1", url: receiver.url });
});

afterEach(async () => {
  await hookwave.deadLetters.purge({}, await hookwave.deadLetters.count({}));
});

afterAll(async () => {
  await api.close();
  await hookwave.close();
  await receiver[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const NOON = Date.parse("2026-01-31T12:00:00Z");

/** Numbered events, a minute apart; the last of them is another type's, for another endpoint, for another reason. */
const letters = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, n) =>
    aLetter({
      eventId: `${prefix}_${n}`,
      buriedAt: NOON + n * 60_000,
      ...(n === count - 1
        ? { endpoint: "ep_2", type: "job.done", because: "gone" }
        : { endpoint: "ep_1", type: "thing.made" }),
    }),
  );

async function eventIds(query: string): Promise<unknown> {
  const { status, body } = await client.get(`/dead-letters${query}`);
  expect(status).toBe(200);
  return Object(body).data.map((letter: { readonly event_id: string }) => letter.event_id);
}

describe("GET /dead-letters", () => {
  it("lists them newest first, a line's worth of each", async () => {
    const [id] = await bury(redis, letters(1, "list"));

    expect((await client.get("/dead-letters")).body).toEqual({
      data: [
        {
          id,
          event_id: "list_0",
          event_type: "job.done",
          endpoint_id: "ep_2",
          reason: "gone",
          buried_at: "2026-01-31T12:00:00.000Z",
          attempt_count: 1,
          last_status: 500,
        },
      ],
      next: null,
    });
  });

  it.each([
    ["", ["f_2", "f_1", "f_0"]],
    ["?endpoint=ep_1", ["f_1", "f_0"]],
    ["?type=job.*", ["f_2"]],
    ["?reason=gone", ["f_2"]],
    ["?since=2026-01-31T12:01:00Z", ["f_2", "f_1"]],
    ["?until=2026-01-31T13:01:00%2B01:00", ["f_0"]],
    ["?endpoint=ep_1&type=thing.made&reason=exhausted&since=2026-01-31T12:01:00Z", ["f_1"]],
  ])("narrowed by %s", async (query, expected) => {
    await bury(redis, letters(3, "f"));
    expect(await eventIds(query)).toEqual(expected);
  });

  it("goes on where the page before ended", async () => {
    await bury(redis, letters(3, "p"));
    const { body } = await client.get("/dead-letters?limit=2");
    expect(await eventIds(`?limit=2&after=${Object(body).next}`)).toEqual(["p_0"]);
  });

  it("counts all that match when it is asked to, whatever the page", async () => {
    await bury(redis, letters(3, "t"));
    expect((await client.get("/dead-letters?limit=1&endpoint=ep_1&total=true")).body).toMatchObject({
      data: [{}],
      next: expect.any(String),
      total: 2,
    });
    expect(Object((await client.get("/dead-letters")).body)).not.toHaveProperty("total");
  });

  it("counts them by endpoint, reason and last answer, the most first", async () => {
    await bury(redis, letters(4, "g"));
    const at = (minute: number) => new Date(NOON + minute * 60_000).toISOString();
    const many = {
      endpoint_id: "ep_1",
      reason: "exhausted",
      last_status: 500,
      count: 3,
      oldest_at: at(0),
      newest_at: at(2),
    };
    const one = {
      ...many,
      endpoint_id: "ep_2",
      reason: "gone",
      count: 1,
      oldest_at: at(3),
      newest_at: at(3),
    };
    const groups = async (query: string) => (await client.get(`/dead-letters/groups${query}`)).body;

    expect(await groups("")).toEqual({ data: [many, one], more: false, counted: 4, complete: true });
    expect(await groups("?reason=gone")).toEqual({ data: [one], more: false, counted: 1, complete: true });
    expect(await groups("?until=2026-01-31T12:02:00Z")).toMatchObject({ data: [{ count: 2 }], counted: 2 });
    expect(await client.get("/dead-letters/groups?limit=1")).toMatchObject(refused(400, "REQUEST_INVALID"));
  });

  it.each([
    "endpoint=a.b",
    "type=Not+a+type",
    "reason=boredom",
    "since=yesterday",
    "until=2026-01-31",
    "limit=101",
    "limit=0",
    "offset=7",
    "total=5",
  ])("refuses ?%s", async (query) => {
    expect(await client.get(`/dead-letters?${query}`)).toMatchObject(refused(400, "REQUEST_INVALID"));
  });

  it("refuses a cursor it has not given out", async () => {
    expect(await client.get("/dead-letters?after=x")).toMatchObject(refused(400, "CURSOR_INVALID"));
  });
});

describe("one dead letter", () => {
  it("is shown whole, its data in the bytes that were published", async () => {
    const letter = aLetter({ eventId: "whole", endpoint: "ep_1", buriedAt: NOON });
    const data = '{"total": 12345678901234567890, "b":1.0, "a":"\\u00e9"}';
    const event = { ...letter.delivery.event, data };
    const [id] = await bury(redis, [{ ...letter, delivery: { ...letter.delivery, event } }]);

    const response = await fetch(`${api.url}/api/v1/dead-letters/${id}`);
    const text = await response.text();

    expect(response.headers.get("content-type")).toContain("application/json");
    expect(text).toContain(`"data":${data}}`);
    expect(JSON.parse(text)).toMatchObject({
      id,
      event_id: "whole",
      timestamp: "2026-01-31T12:00:00.000Z",
      round: 0,
      job: null,
      attempts: [{ attempt_number: 1, outcome: "refused", status: 500, duration_ms: 5 }],
    });
  });

  it("that is an events job shows what it is and why", async () => {
    const job = { kind: "job", jobId: "7", addedAt: NOON, problem: "no event", because: "invalid" } as const;
    const [id] = await bury(redis, [{ ...job, text: "[]", buriedAt: new Date(NOON).toISOString() }]);

    expect((await client.get(`/dead-letters/${id}`)).body).toMatchObject({
      event_id: null,
      endpoint_id: null,
      reason: "invalid",
      attempts: [],
      job: { id: "7", added_at: "2026-01-31T12:00:00.000Z", problem: "no event", text: "[]" },
      data: null,
    });
    expect(await client.send("POST", `/dead-letters/${id}/replay`)).toMatchObject(
      refused(422, "EVENT_INVALID"),
    );
  });

  it("is sent again, and then is none any more", async () => {
    const [id] = await bury(redis, letters(2, "again").slice(0, 1));

    expect(await client.send("POST", `/dead-letters/${id}/replay`)).toMatchObject({
      status: 202,
      body: { delivery_id: "again_0.ep_1" },
    });
    await until("it has come", () => receiver.ids().includes("again_0"));
    expect(await client.get(`/dead-letters/${id}`)).toMatchObject(refused(404, "DEAD_LETTER_UNKNOWN"));
  });

  it("is removed", async () => {
    const [id] = await bury(redis, letters(1, "removed"));

    expect(await client.send("DELETE", `/dead-letters/${id}`)).toMatchObject({ status: 204, body: "" });
    expect(await eventIds("")).toEqual([]);
  });

  it.each([
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/replay"],
  ])("that nobody knows is refused to %s it%s", async (method, what) => {
    expect(await client.send(method, `/dead-letters/none${what}`)).toMatchObject(
      refused(404, "DEAD_LETTER_UNKNOWN"),
    );
  });
});

describe("POST /dead-letters/purge", () => {
  it("removes those that match, if they are as many as is confirmed", async () => {
    await bury(redis, letters(3, "purge"));
    const filter = { endpoint: "ep_1" };

    const wrong = await client.send("POST", "/dead-letters/purge", { filter, confirm_count: 3 });
    expect(wrong).toMatchObject(refused(409, "PURGE_UNCONFIRMED"));
    expect(Object(wrong.body).detail).toContain("the confirmation of 2");
    expect(await hookwave.deadLetters.count({})).toBe(3);

    const right = await client.send("POST", "/dead-letters/purge", { filter, confirm_count: 2 });
    expect(right).toMatchObject({ status: 200, body: { purged: 2 } });
    expect(await eventIds("")).toEqual(["purge_2"]);
  });

  it.each([
    [{ confirm_count: 1 }, ["#/filter"]],
    [{ filter: {} }, ["#/confirm_count"]],
    [
      { filter: { since: "soon", reason: "x" }, confirm_count: -1 },
      ["#/confirm_count", "#/filter/reason", "#/filter/since"],
    ],
    [{ filter: { endpiont: "ep_1" }, confirm_count: 1 }, ["#/filter"]],
  ])("refuses %j with every flaw, and removes nothing", async (body, pointers) => {
    await bury(redis, letters(1, "kept"));

    const answer = await client.send("POST", "/dead-letters/purge", body);

    expect(answer).toMatchObject(refused(400, "REQUEST_INVALID"));
    const found = Object(answer.body).errors.map((flaw: { readonly pointer: string }) => flaw.pointer);
    expect(found.toSorted()).toEqual(pointers);
    expect(await hookwave.deadLetters.count({})).toBe(1);
  });
});
