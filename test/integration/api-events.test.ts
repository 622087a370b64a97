/** Events and deliveries over HTTP: what is asked, what is answered, and each refusal. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Api, ask, publish, startApi } from "../support/api.ts";
import { untilBooked, untilStatus } from "../support/deliveries.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { secretOf } from "../support/secret-of.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const DATA = '{ "2":1.0,"1":12345678901234567890,\n"é":"\\u00e9\\/", "a":[ ],"a":null }';
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
let good: Receiver;
let bad: Receiver;
/** With the token of a key that may read, and of one that may do everything. */
let read: (path: string) => Promise<Answer>;
let post: (path: string) => Promise<Answer>;

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  api = await startApi(hookwave);
  good = await startReceiver();
  bad = await startReceiver((response) => response.writeHead(503).end("out of paper"));
  await hookwave.endpoints.add({
    id: "good",
    url: good.url,
    secrets: [secretOf("s")],
    signsDestinations: true,
  });
  await hookwave.endpoints.add({ id: "bad", url: bad.url, retrySchedule: [60_000] });
  for (const [id, type] of [
    ["evt_1", "order.paid"],
    ["evt_2", "order.sent"],
    ["evt_3", "thing.made"],
  ]) {
    await publish(api, `{"id":"${id}","type":"${type}","timestamp":"2025-03-04T05:06:07Z","data":${DATA}}`);
    await Promise.all([untilStatus(hookwave, `${id}.good`, "delivered"), untilBooked(hookwave, `${id}.bad`)]);
  }
  const [reader, admin] = await Promise.all(
    (["read", "admin"] as const).map((role) => hookwave.keys.create({ name: role, roles: [role] })),
  );
  const bearer = (token = "") => ({ headers: { authorization: `Bearer ${token}` } });
  read = (path) => ask(`${api.url}/api/v1${path}`, bearer(reader?.token));
  post = (path) => ask(`${api.url}/api/v1${path}`, { method: "POST", ...bearer(admin?.token) });
});

afterAll(async () => {
  await api.close();
  await hookwave.close();
  await Promise.all([good.close(), bad.close()]);
  await redis[Symbol.asyncDispose]();
});

const idsIn = ({ body }: Answer): unknown => Object(body).data.map((one: { id: unknown }) => one.id);

async function expectRefusal(answer: Promise<Answer>, status: number, code: string): Promise<void> {
  expect(await answer).toMatchObject({ status, body: { status, code, detail: expect.any(String) } });
}

describe("GET /events", () => {
  it("is the feed, with each event's data byte for byte", async () => {
    const answer = await read("/events?limit=1");
    const { next } = Object(answer.body);

    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.text).toBe(
      `{"data":[{"id":"evt_1","type":"order.paid","timestamp":"2025-03-04T05:06:07Z","data":${DATA}}],"next":"${next}"}`,
    );
    expect(idsIn(await read(`/events?after=${next}`))).toEqual(["evt_2", "evt_3"]);
    const last = Object((await read(`/events?after=${next}&type=thing.made`)).body).next;
    expect((await read(`/events?after=${last}`)).body).toEqual({ data: [], next: null });
  });

  it("knows types, families of them, and times", async () => {
    expect(idsIn(await read("/events?type=order.*"))).toEqual(["evt_1", "evt_2"]);
    expect(idsIn(await read("/events?type=thing.made"))).toEqual(["evt_3"]);
    expect(idsIn(await read("/events?since=2020-01-01T00:00:00%2B01:00"))).toHaveLength(3);
    expect(idsIn(await read("/events?since=2999-01-01T00:00:00Z"))).toEqual([]);
  });

  it.each([
    ["limit=0", "REQUEST_INVALID"],
    ["limit=101", "REQUEST_INVALID"],
    ["type=Order..Paid", "REQUEST_INVALID"],
    ["since=yesterday", "REQUEST_INVALID"],
    ["type=a&type=b", "REQUEST_INVALID"],
    ["before=2020-01-01T00:00:00Z", "REQUEST_INVALID"],
    ["after=evt_1", "CURSOR_INVALID"],
  ])("refuses ?%s", (query, code) => expectRefusal(read(`/events?${query}`), 400, code));
});

describe("GET /events/{id}", () => {
  it("is the event with the state of each delivery", async () => {
    const answer = await read("/events/evt_1");

    expect(answer.text).toContain(`"data":${DATA}`);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: "evt_1",
        type: "order.paid",
        timestamp: "2025-03-04T05:06:07Z",
        accepted_at: TIME,
        destinations: [],
        deliveries: { data: [{ id: "evt_1.bad" }, { id: "evt_1.good", status: "delivered" }], next: null },
      },
    });
    await expectRefusal(read("/events/evt_unknown"), 404, "EVENT_UNKNOWN");
  });

  it("masks what may be a secret in the URLs of destinations", async () => {
    await using caller = await startReceiver();
    await hookwave.publish({
      id: "evt_to_caller",
      type: "thing.called",
      data: {},
      destinations: [{ url: `${caller.url}?token=canary`, keyId: "good" }],
    });
    await caller.received(1);
    const answer = await until("it is known", async () => {
      const asked = await read("/events/evt_to_caller");
      return asked.status === 200 && asked;
    });
    expect(answer.text).not.toContain("canary");
    expect(answer.body).toMatchObject({
      destinations: [
        { url: `${new URL(caller.url).origin}/***`, events: ["*"], profile: null, key_id: "good" },
      ],
    });
  });
});

describe("POST /events", () => {
  it("refuses an id that came with other content, and all that came with it", async () => {
    const again = `{"id":"evt_1","type":"order.paid","timestamp":"2025-03-04T05:06:07Z","data":${DATA}}`;
    const other = '{"id":"evt_1","type":"order.paid","data":{}}';
    const { token } = await hookwave.keys.create({ name: "producer", roles: ["publish"] });
    const headers = { authorization: `Bearer ${token}` };

    expect(await publish(api, again, headers)).toMatchObject({ status: 202, body: { id: "evt_1" } });
    await expectRefusal(publish(api, other, headers), 409, "EVENT_CONFLICT");
    const fresh = '{"id":"evt_fresh","type":"order.paid","data":{}}';
    await expectRefusal(publish(api, `[${fresh},${other}]`, headers), 409, "EVENT_CONFLICT");
    await until("nothing new is left", async () => (await hookwave.queueCounts()).new.depth === 0);
    await expectRefusal(read("/events/evt_fresh"), 404, "EVENT_UNKNOWN");
    const keyed = { ...headers, "idempotency-key": "evt_1" };
    await expectRefusal(publish(api, '{"type":"order.paid","data":1}', keyed), 409, "EVENT_CONFLICT");
  });
});

describe("POST /events/{id}/replay", () => {
  it("sends it to all, or to one endpoint", async () => {
    expect(await post("/events/evt_2/replay?endpoint=good")).toMatchObject({
      status: 202,
      body: { started: 1, brought_forward: 0 },
    });
    await until("it has come again", () => good.ids().filter((id) => id === "evt_2").length === 2);
    await untilStatus(hookwave, "evt_2.good", "delivered");
    expect((await post("/events/evt_2/replay")).body).toEqual({ started: 1, brought_forward: 1 });
    await until("and again", () => good.ids().filter((id) => id === "evt_2").length === 3);
  });

  it("is refused for what is unknown or no id", async () => {
    await expectRefusal(post("/events/evt_unknown/replay"), 404, "EVENT_UNKNOWN");
    await expectRefusal(post("/events/evt_1/replay?endpoint=nobody"), 404, "ENDPOINT_UNKNOWN");
    await expectRefusal(post("/events/evt_1/replay?endpoint=a.b"), 400, "REQUEST_INVALID");
    await expectRefusal(post("/events/evt_1/replay?to=bad"), 400, "REQUEST_INVALID");
  });
});
