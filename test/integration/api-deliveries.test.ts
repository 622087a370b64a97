/** Deliveries over HTTP: what is asked, what is answered, and each refusal. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Api, ask, startApi } from "../support/api.ts";
import { untilBooked, untilStatus } from "../support/deliveries.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
const ATTEMPT = {
  attempt_number: 1,
  started_at: TIME,
  duration_ms: expect.any(Number),
  outcome: "refused",
  status: 503,
  reason: null,
};

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
let receiver: Receiver;
const read = (path: string): Promise<Answer> => ask(`${api.url}/api/v1/deliveries${path}`);
const post = (path: string): Promise<Answer> =>
  ask(`${api.url}/api/v1/deliveries${path}`, { method: "POST" });

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  api = await startApi(hookwave);
  receiver = await startReceiver((response) => response.writeHead(503).end("out of paper"));
  await hookwave.endpoints.add({ id: "one", url: receiver.url, retrySchedule: [60_000] });
  await hookwave.endpoints.add({ id: "two", url: receiver.url, retrySchedule: [60_000] });
  for (const id of ["evt_1", "evt_2"]) {
    await hookwave.publish({ id, type: "thing.made", data: {} });
    await Promise.all([untilBooked(hookwave, `${id}.one`), untilBooked(hookwave, `${id}.two`)]);
  }
});

afterAll(async () => {
  await api.close();
  await hookwave.close();
  await receiver.close();
  await redis[Symbol.asyncDispose]();
});

const idsIn = ({ body }: Answer): unknown => Object(body).data.map((one: { id: unknown }) => one.id);

async function expectRefusal(answer: Promise<Answer>, status: number, code: string): Promise<void> {
  expect(await answer).toMatchObject({ status, body: { status, code, detail: expect.any(String) } });
}

describe("GET /deliveries", () => {
  it("lists them page by page, those of the newest events first", async () => {
    const first = await read("?limit=3");
    expect(first).toMatchObject({ status: 200, body: { next: expect.any(String) } });
    expect(idsIn(first)).toEqual(["evt_2.one", "evt_2.two", "evt_1.one"]);
    const rest = await read(`?limit=3&after=${Object(first.body).next}`);
    expect(rest).toMatchObject({ body: { data: [{ id: "evt_1.two" }], next: null } });
  });

  it("filters by event, endpoint, status and time", async () => {
    expect(idsIn(await read("?event=evt_1"))).toEqual(["evt_1.one", "evt_1.two"]);
    expect(idsIn(await read("?endpoint=two"))).toEqual(["evt_2.two", "evt_1.two"]);
    expect(idsIn(await read("?event=evt_1&endpoint=two&status=retrying"))).toEqual(["evt_1.two"]);
    expect(idsIn(await read("?status=buried"))).toEqual([]);
    expect(idsIn(await read("?until=2020-01-01T00:00:00Z"))).toEqual([]);
    expect(idsIn(await read("?since=2020-01-01T00:00:00Z&until=2999-01-01T00:00:00Z"))).toHaveLength(4);
  });

  it.each([
    ["limit=0", "REQUEST_INVALID"],
    ["limit=1000", "REQUEST_INVALID"],
    ["status=failed", "REQUEST_INVALID"],
    ["event=a.b", "REQUEST_INVALID"],
    ["endpoint=%2A", "REQUEST_INVALID"],
    ["since=1700000000", "REQUEST_INVALID"],
    ["kind=all", "REQUEST_INVALID"],
    ["after=nowhere", "CURSOR_INVALID"],
  ])("refuses ?%s", (query, code) => expectRefusal(read(`?${query}`), 400, code));
});

describe("GET /deliveries/{id}", () => {
  it("has every attempt, what was answered to it, and when the next one is due", async () => {
    expect((await read("/evt_1.one")).body).toEqual({
      id: "evt_1.one",
      event_id: "evt_1",
      event_type: "thing.made",
      endpoint_id: "one",
      status: "retrying",
      reason: null,
      round: 0,
      attempt_count: 1,
      last_attempt: ATTEMPT,
      next_attempt_at: TIME,
      created_at: TIME,
      attempts: [{ ...ATTEMPT, response_excerpt: "out of paper" }],
    });
    await expectRefusal(read("/evt_1.three"), 404, "DELIVERY_UNKNOWN");
    await expectRefusal(read("/none"), 404, "DELIVERY_UNKNOWN");
  });
});

describe("POST /deliveries/{id}/retry and /cancel", () => {
  it("try it now, or not any more, and are refused where it is over", async () => {
    expect(await post("/evt_1.one/cancel")).toMatchObject({
      status: 200,
      body: { status: "cancelled", next_attempt_at: null, attempt_count: 1 },
    });
    await expectRefusal(post("/evt_1.one/cancel"), 409, "DELIVERY_SETTLED");
    await expectRefusal(post("/evt_1.one/retry"), 409, "DELIVERY_SETTLED");

    receiver.replies(200);
    expect(await post("/evt_1.two/retry")).toMatchObject({ status: 200, body: { id: "evt_1.two" } });
    await untilStatus(hookwave, "evt_1.two", "delivered");
    await expectRefusal(post("/evt_1.two/retry"), 409, "DELIVERY_SETTLED");
    for (const what of ["retry", "cancel"])
      await expectRefusal(post(`/evt_1.three/${what}`), 404, "DELIVERY_UNKNOWN");
  });
});

describe("while Redis is away", () => {
  it("every route says so, and none that the service had failed", async () => {
    await using away = await startRedis();
    await using lonely = await startHookwave(away, { role: "api" });
    await using there = await startApi(lonely);
    await away.stop();

    for (const path of ["events", "events/evt_1", "deliveries", "deliveries/a.b", "deliveries?event=evt_1"])
      await expectRefusal(ask(`${there.url}/api/v1/${path}`), 503, "REDIS_UNAVAILABLE");
    for (const path of ["events/evt_1/replay", "deliveries/a.b/retry", "deliveries/a.b/cancel"])
      await expectRefusal(ask(`${there.url}/api/v1/${path}`, { method: "POST" }), 503, "REDIS_UNAVAILABLE");
  });
});
