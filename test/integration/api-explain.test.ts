/** POST /api/v1/explain against a real service: what it says would happen is what happens, and nothing is sent. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Answer, type Api, post, publish, startApi } from "../support/api.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const explanation = z.object({
  endpoint_id: z.string(),
  url: z.string(),
  would_send: z.enum(["now", "later", "never"]),
  reasons: z.array(z.object({ code: z.string(), detail: z.string(), until: z.string().nullable() })),
  request: z
    .object({
      method: z.string(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
    })
    .nullable(),
});
const explained = z.object({
  event_id: z.string(),
  is_duplicate: z.boolean(),
  destinations: z.array(explanation),
  data: z.array(explanation),
  next: z.string().nullable(),
});

let redis: TestRedis;
let receiver: Receiver;
let hookwave: TestHookwave;
let api: Api;
beforeEach(async () => {
  redis = await startRedis();
  receiver = await startReceiver();
  hookwave = await startHookwave(redis);
  api = await startApi(hookwave);
});
afterEach(async () => {
  await api.close();
  await hookwave.close();
  await receiver.close();
  await redis[Symbol.asyncDispose]();
});

const ask = (body: string, query = ""): Promise<Answer> => post(api, `/api/v1/explain${query}`, body);

async function explain(body: string, query = ""): Promise<z.output<typeof explained>> {
  const answer = await ask(body, query);
  expect(answer).toMatchObject({ status: 200 });
  return explained.parse(answer.body);
}

/** Each endpoint with what would become of the event, and why. */
async function dryRuns(body: string): Promise<readonly (readonly string[])[]> {
  const { data } = await explain(body);
  return data.map(({ endpoint_id, would_send, reasons }) => [
    endpoint_id,
    would_send,
    ...reasons.map(({ code }) => code),
  ]);
}

const EVENT =
  '{"type":"thing.made","id":"evt_1","timestamp":"2026-01-31T12:00:00Z","data":{ "n":12345678901234567890 }}';

describe("an explanation", () => {
  it("says who would get an event and why the others would not, and sends nothing", async () => {
    const { url } = receiver;
    await hookwave.endpoints.add({ id: "all", url });
    await hookwave.endpoints.add({ id: "narrow", url, events: ["job.*"] });
    await hookwave.endpoints.add({ id: "off", url });
    await hookwave.endpoints.disable("off");

    expect(await dryRuns(EVENT)).toEqual([
      ["all", "now"],
      ["narrow", "never", "not_subscribed"],
      ["off", "never", "disabled"],
    ]);

    await publish(api, EVENT);
    await receiver.received(1);
    expect(receiver.ids()).toEqual(["evt_1"]);
  });

  it("shows the very request that is then sent, but for its secrets", async () => {
    await hookwave.endpoints.add({
      id: "exact",
      url: `${receiver.url}?token=in-the-url`,
      profile: "hokusai",
      furtherProfiles: ["github"],
      secrets: ["secret-of-the-endpoint"],
      headers: { "X-Api-Key": "opens-the-receiver", "User-Agent": "acme/1" },
    });

    const answer = await ask(EVENT);
    const [entry] = explained.parse(answer.body).data;
    await publish(api, EVENT);

    const [sent] = await receiver.received(1);
    expect(entry?.request?.body).toBe(String(sent?.body));
    expect(entry?.request?.url).toBe(`${new URL(receiver.url).origin}/***`);
    const shown = Object.entries(entry?.request?.headers ?? {});
    const masked = shown.filter(([, value]) => value === "••••").map(([name]) => name);
    expect(masked.toSorted()).toEqual([
      "User-Agent",
      "X-Api-Key",
      "X-Hokusai-Signature",
      "X-Hub-Signature-256",
      "webhook-signature",
    ]);
    const sentButMasked = shown.map(([name, value]) => [
      name,
      masked.includes(name) ? value : sent?.headers[name.toLowerCase()],
    ]);
    const ofNoMoment = ([name]: readonly unknown[]): boolean => name !== "webhook-timestamp";
    expect(shown.filter(ofNoMoment)).toEqual(sentButMasked.filter(ofNoMoment));
    const text = JSON.stringify(answer.body);
    for (const secret of ["secret-of-the-endpoint", "opens-the-receiver", "in-the-url"])
      expect(text).not.toContain(secret);
  });

  it("knows an id that has been published", async () => {
    await hookwave.endpoints.add({ id: "all", url: receiver.url });
    await publish(api, EVENT);
    await receiver.received(1);

    expect(await explain(EVENT)).toMatchObject({ event_id: "evt_1", is_duplicate: true });
    expect(await dryRuns(EVENT)).toEqual([["all", "never", "duplicate"]]);
    await hookwave.publish({ type: "thing.made", data: {}, id: "evt_3" });
    await receiver.received(2);
    expect(await dryRuns(EVENT.replace("evt_1", "evt_3"))).toEqual([["all", "never", "duplicate"]]);
    expect(await dryRuns(EVENT.replace("evt_1", "evt_2"))).toEqual([["all", "now"]]);
  });

  it("knows an id that was published over HTTP before any worker has seen it", async () => {
    await using accepting = await startHookwave(redis, { role: "api", prefix: "{idle}" });
    await using door = await startApi(accepting);
    await publish(door, EVENT);
    expect(await post(door, "/api/v1/explain", EVENT)).toMatchObject({ body: { is_duplicate: true } });
  });

  it("knows an open breaker, and until when", async () => {
    receiver.replies(500);
    await hookwave.endpoints.add({ id: "ill", url: receiver.url, retrySchedule: [] });
    await hookwave.publishMany(Array.from({ length: 6 }, () => ({ type: "thing.made", data: {} })));
    await until("its breaker is open", async () => (await hookwave.health()).data[0]?.breaker === "open");

    const { data } = await explain(EVENT);

    expect(data).toMatchObject([
      { would_send: "later", reasons: [{ code: "breaker_open", until: expect.any(String) }] },
    ]);
    const untilMs = Date.parse(data[0]?.reasons[0]?.until ?? "");
    expect(untilMs - Date.now()).toBeGreaterThan(30_000);
  });

  it("knows a rate that is used up, and when the next turn is free", async () => {
    const rateLimit = { count: 1, perMs: 60_000 };
    await hookwave.endpoints.add({ id: "limited", url: receiver.url, rateLimit });
    expect(await dryRuns(EVENT)).toEqual([["limited", "now"]]);
    await hookwave.publish({ type: "thing.made", data: {} });
    await receiver.received(1);

    const { data } = await explain(EVENT);

    expect(data).toMatchObject([{ would_send: "later", reasons: [{ code: "rate_limited" }] }]);
    const waitMs = Date.parse(data[0]?.reasons[0]?.until ?? "") - Date.now();
    expect(waitMs).toBeGreaterThan(50_000);
    expect(waitMs).toBeLessThan(61_000);
  });

  it("is given of an event's own destinations as well, with the first page", async () => {
    await hookwave.endpoints.add({ id: "signer", url: receiver.url, events: [], signsDestinations: true });
    await hookwave.endpoints.add({ id: "other", url: receiver.url, events: ["thing.*"] });
    const named = `{"type":"task_progress","data":{"task_id":"9e9ed2f2-5b0f-4c5f-8c53-6f4f5c4d3b2a","timestamp":"2026-01-31T12:00:00Z","progress":40,"message":"m","current_step":"s"},"destinations":[
      {"url":"${receiver.url}","keyId":"signer"},
      {"url":"${receiver.url}","keyId":"signer","events":["failed"]},
      {"url":"${receiver.url}","keyId":"nobody"}]}`;

    const all = await explain(named);
    const matching = await explain(named, "?only_matching=true");
    const { next } = await explain(EVENT, "?limit=1");
    const second = await explain(named, `?after=${next}`);

    expect(all.destinations.map(({ would_send, reasons }) => [would_send, reasons[0]?.code])).toEqual([
      ["now", undefined],
      ["never", "not_subscribed"],
      ["never", "key_unknown"],
    ]);
    expect(matching.destinations).toHaveLength(2);
    expect(second.destinations).toEqual([]);
    expect(matching.data).toEqual([]);
    const [own] = all.destinations;
    const onlyOwn = await explain(named, `?endpoint=${own?.endpoint_id}`);
    expect(onlyOwn.destinations.map(({ endpoint_id }) => endpoint_id)).toContain(own?.endpoint_id);
    expect(onlyOwn.destinations.length).toBeLessThan(3);
    expect(onlyOwn.data).toEqual([]);
    expect(receiver.requests).toHaveLength(0);
  });

  it("is given of one endpoint where that is asked for", async () => {
    await hookwave.endpoints.add({ id: "one", url: receiver.url, events: ["other.*"] });
    await hookwave.endpoints.add({ id: "two", url: receiver.url });

    const { data, next } = await explain(EVENT, "?endpoint=one");
    expect(data).toMatchObject([{ endpoint_id: "one", reasons: [{ code: "not_subscribed" }] }]);
    expect(next).toBeNull();
    expect((await explain(EVENT, "?endpoint=one&only_matching=true")).data).toEqual([]);
    expect((await explain(EVENT, "?endpoint=nobody")).data).toEqual([]);
    expect(await ask(EVENT, "?endpoint=%2A")).toMatchObject({ status: 400 });
  });
});

describe("the pages of an explanation", () => {
  it("go through all endpoints, each once, and leave out on request those that the type is not for", async () => {
    for (let n = 0; n < 5; n += 1) {
      const events = n % 2 === 0 ? ["thing.*"] : ["job.*"];
      await hookwave.endpoints.add({ id: `ep-${n}`, url: receiver.url, events });
    }
    const collect = async (query: string): Promise<readonly string[]> => {
      const ids: string[] = [];
      let after = "";
      for (;;) {
        const { data, next } = await explain(EVENT, `?limit=2${query}${after}`);
        expect(data.length).toBeLessThanOrEqual(2);
        ids.push(...data.map(({ endpoint_id }) => endpoint_id));
        if (next === null) return ids;
        after = `&after=${next}`;
      }
    };
    expect(await collect("")).toEqual(["ep-0", "ep-1", "ep-2", "ep-3", "ep-4"]);
    expect(await collect("&only_matching=true")).toEqual(["ep-0", "ep-2", "ep-4"]);
  });

  it("are short where bodies are long, and lose nobody", async () => {
    for (let n = 0; n < 6; n += 1) await hookwave.endpoints.add({ id: `ep-${n}`, url: receiver.url });
    const large = `{"type":"thing.made","data":"${"x".repeat(250_000)}"}`;
    const first = await explain(large, "?limit=100");
    const second = await explain(large, `?limit=100&after=${first.next}`);
    expect([first.data.length, second.data.length, second.next]).toEqual([4, 2, null]);
  });
});

describe("an explanation that is refused", () => {
  it.each<[string, string, string, number, string]>([
    ["a list", `[${EVENT}]`, "", 400, "REQUEST_INVALID"],
    ["no JSON", "{", "", 400, "REQUEST_INVALID"],
    ["no event", '{"type":"Thing!"}', "", 422, "EVENT_INVALID"],
    ["data that its type does not promise", '{"type":"job.completed","data":{}}', "", 422, "EVENT_INVALID"],
    ["a cursor of nobody", EVENT, "?after=nowhere", 400, "CURSOR_INVALID"],
    ["too long a page", EVENT, "?limit=101", 400, "REQUEST_INVALID"],
    ["a question nobody knows", EVENT, "?matching=true", 400, "REQUEST_INVALID"],
  ])("holds %s", async (_what, body, query, status, code) => {
    expect(await ask(body, query)).toMatchObject({ status, body: { code } });
  });

  it("comes while Redis is away", async () => {
    await redis.stop();
    await until("Redis is away", async () => !(await hookwave.isRedisReachable()));
    expect(await ask(EVENT)).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });
  });
});
