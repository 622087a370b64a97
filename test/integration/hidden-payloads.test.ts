/** Payloads that an installation keeps from whoever is no admin: over every operation that such a key may ask for. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catchUp } from "../../src/receiver/catch-up.ts";
import { type Api, ask, publish, startApi } from "../support/api.ts";
import { cookieOf, signIn } from "../support/console.ts";
import { bury, summaries } from "../support/letters.ts";
import { operationsOf } from "../support/openapi.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

/** In the event's data, its part for the bus, what the receiver answered, an events job, and a callback that came in. */
const CANARIES = ["canary-data", "canary-bus", "canary-answer", "canary-job", "canary-callback"];

/** Of operations that show payloads, the canaries that are in them. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  exportEvents: ["canary-data"],
  listEvents: ["canary-data"],
  getEvent: ["canary-data", "canary-bus"],
  getDelivery: ["canary-answer"],
  getDeadLetter: ["canary-data", "canary-answer"],
  listWebhookLogs: ["canary-answer"],
  getCallback: ["canary-callback"],
};

const OWN = { "sec-fetch-site": "same-origin" };

type Headers = Readonly<Record<string, string>>;

let redis: TestRedis;
let hookwave: TestHookwave;
let receiver: Receiver;
let hiding: Api;
let showing: Api;
/** By operation: how to ask for what is there. */
let ids: Readonly<Record<string, string>>;
let jobLetter: string;
let reader: Headers;
let admin: Headers;

beforeAll(async () => {
  redis = await startRedis();
  hookwave = await startHookwave(redis);
  receiver = await startReceiver((response) => void response.writeHead(500).end("canary-answer"));
  hiding = await startApi(hookwave, { settings: { consoleHidePayloads: true } });
  showing = await startApi(hookwave);
  await hookwave.endpoints.create({ id: "bad", url: receiver.url, maxRetries: 0 });
  const [data, legacy] = [{ is: "canary-data" }, { data: { is: "canary-bus" } }];
  await publish(showing, JSON.stringify({ id: "evt_1", type: "thing.made", data, legacy }));
  const [letter] = await until("it is a dead letter", async () => {
    const found = await summaries(hookwave);
    return found.length === 1 ? found : null;
  });
  const job = { jobId: "1", addedAt: Date.now(), text: "canary-job", problem: "no JSON" };
  const now = new Date().toISOString();
  [jobLetter = ""] = await bury(redis, [{ kind: "job", ...job, because: "invalid", buriedAt: now }]);
  const replay = await hookwave.replays.begin({ filter: { type: "no.such" }, ratePerSecond: 1 });
  await hookwave.sources.create({ id: "llm", profile: "llm-service" });
  const callback = await ask(`${showing.url}/in/llm`, { method: "POST", body: '{"is":"canary-callback"}' });
  ids = {
    getSource: "llm",
    getCallback: String(Object(callback.body).id),
    getEvent: "evt_1",
    getDelivery: "evt_1.bad",
    getDeadLetter: letter?.id ?? "",
    listWebhookLogs: "bad",
    getWebhookStats: "bad",
    getWebhook: "bad",
    getReplay: replay.id,
  };
  const keyOf = async (...roles: readonly ("read" | "publish" | "admin")[]) => ({
    authorization: `Bearer ${(await hookwave.keys.create({ name: "a", roles })).token}`,
  });
  // Publishing gives no right to read what others publish.
  reader = await keyOf("read", "publish");
  admin = await keyOf("admin");
});

afterAll(async () => {
  await showing.close();
  await hiding.close();
  await receiver.close();
  await hookwave.close();
  await redis[Symbol.asyncDispose]();
});

/** By operation, the answer to a key with this; every one that a reader may ask for, or the test fails. */
async function answersOf(api: Api, headers: Headers): Promise<ReadonlyMap<string, string>> {
  const { body: document } = await ask(`${api.url}/openapi.json`);
  const readable = operationsOf(document).filter(({ roles }) => roles.includes("read"));
  const answers = new Map<string, string>();
  for (const { id, method, path } of readable) {
    const url = `${api.url}${path.replace(/\{\w+\}/, ids[id] ?? "")}`;
    const json = { ...headers, "content-type": "application/json" };
    const body = JSON.stringify({ type: "thing.made", data: {} });
    const answer = await ask(url, method === "GET" ? { headers } : { method, headers: json, body });
    expect([id, answer.status], `say in this test how to ask for ${id}: ${answer.text}`).toEqual([id, 200]);
    answers.set(id, answer.text);
  }
  return answers;
}

const canariesIn = (answers: ReadonlyMap<string, string>) =>
  Object.fromEntries(
    [...answers].flatMap(([id, text]) => {
      const found = CANARIES.filter((canary) => text.includes(canary));
      return found.length === 0 ? [] : [[id, found]];
    }),
  );

describe("payloads", () => {
  it("are where they are looked for here, and shown to readers unless that is switched off", async () => {
    expect(canariesIn(await answersOf(showing, reader))).toEqual(SHOWN);
    expect([...(await answersOf(showing, reader)).values()].join("")).not.toContain("payload_hidden");
  });

  it("are kept from readers by every operation, which says so, and shown to admins", async () => {
    const answers = await answersOf(hiding, reader);
    expect(canariesIn(answers)).toEqual({});
    const marked = [...answers].filter(([, text]) => text.includes('"payload_hidden":true'));
    expect(marked.map(([id]) => id).toSorted()).toEqual(Object.keys(SHOWN).toSorted());
    expect(canariesIn(await answersOf(hiding, admin))).toEqual(SHOWN);
  });

  it("are kept from a reader's session, and shown to an admin's", async () => {
    const tokenOf = ({ authorization = "" }: Headers): string => authorization.slice("Bearer ".length);
    const signed = await signIn(hiding, tokenOf(reader));
    expect(signed).toMatchObject({ body: { hide_payloads: true } });
    expect(canariesIn(await answersOf(hiding, { ...OWN, cookie: cookieOf(signed) }))).toEqual({});
    const other = await signIn(hiding, tokenOf(admin));
    expect(other).toMatchObject({ body: { hide_payloads: false } });
    expect(canariesIn(await answersOf(hiding, { ...OWN, cookie: cookieOf(other) }))).toEqual(SHOWN);
  });

  it("leave null behind, and what is no payload", async () => {
    const look = async (path: string) => (await ask(`${hiding.url}${path}`, { headers: reader })).body;
    const event = { id: "evt_1", type: "thing.made", data: null, payload_hidden: true };
    expect(await look("/api/v1/events")).toMatchObject({ data: [event] });
    expect(await look("/api/v1/events/evt_1")).toMatchObject(event);
    expect(await look("/api/v1/events/evt_1")).not.toHaveProperty("legacy");
    const attempts = [{ status: 500, response_excerpt: null }];
    expect(await look("/api/v1/deliveries/evt_1.bad")).toMatchObject({ attempts, payload_hidden: true });
    const letter = await look(`/api/v1/dead-letters/${ids["getDeadLetter"]}`);
    expect(letter).toMatchObject({ attempts, data: null, payload_hidden: true });
    const row = { response_status: 500, response_excerpt: "", payload_hidden: true };
    expect(await look("/api/v1/webhooks/bad/logs")).toMatchObject({ data: [row] });
  });

  it("are kept of an events job, too", async () => {
    const look = (api: Api) => ask(`${api.url}/api/v1/dead-letters/${jobLetter}`, { headers: reader });
    expect(await look(showing)).toMatchObject({ body: { job: { text: "canary-job" } } });
    const hidden = { job: { text: "", problem: "no JSON" }, data: null, payload_hidden: true };
    expect(await look(hiding)).toMatchObject({ status: 200, body: hidden });
  });

  it("are not taken for null by a receiver that catches up", async () => {
    const [, apiKey = ""] = (reader["authorization"] ?? "").split(" ");
    const seen: unknown[] = [];
    const handler = ({ data }: { readonly data: unknown }) => seen.push(data);
    const catching = catchUp({ baseUrl: hiding.url, apiKey, handler });
    await expect(catching).rejects.toThrow("expected events with their data from the feed, got none");
    expect(seen).toEqual([]);
    await catchUp({ baseUrl: showing.url, apiKey, handler });
    expect(seen).toEqual([{ is: "canary-data" }]);
  });
});
