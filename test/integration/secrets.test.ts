/**
 * Secrets stay secret: a canary in every place where a user can put one, a run with every kind of trouble, and then a
 * search over all that can be seen: logs, metrics, jobs and everything else in Redis, API answers, command output.
 */
import { randomBytes } from "node:crypto";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ed25519Secret } from "../../src/wire/ed25519.ts";
import { canary, everythingIn, found, openCanaries, signingSecret } from "../support/canaries.ts";
import { type Collector, startCollector } from "../support/collector.ts";
import {
  apiUrl,
  connected,
  LOOPBACK_VARIABLES,
  type RunningCommand,
  runCommand,
  startCommand,
} from "../support/command.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

/** Nobody may see these anywhere. */
const SECRETS = {
  "REDIS_URL's password": canary(),
  HOOKWAVE_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
  HOOKWAVE_ENCRYPTION_KEY_PREVIOUS: randomBytes(32).toString("base64"),
  HOOKWAVE_API_KEY: canary(),
  "an API key that was made": "",
  "WEBHOOK_SECRET, the newer": signingSecret(),
  "WEBHOOK_SECRET, the older": signingSecret(),
  "an endpoint's secret": signingSecret(),
  "an endpoint's secret after rotation": signingSecret(),
  "an Ed25519 secret": ed25519Secret(randomBytes(32)),
  "a custom header's value": canary(),
  "the password in a URL that is refused": canary(),
  "a secret that is refused": `whsec_!${canary()}`,
  "a header that is refused": canary(),
  // Short, because a parser quotes no more than some ten characters.
  "a secret in a body that is no JSON": `x${randomBytes(4).toString("hex")}`,
  "a destination's password": canary(),
  "a destination's password, in another producer's job": canary(),
  "a token that is not valid": canary(),
  "the collector's key": canary(),
};
const { ADDRESSES, CONTENTS } = openCanaries();

/** While this event is being delivered, Redis begins to refuse writes. */
const TROUBLE = "evt_trouble";

let redis: TestRedis;
let admin: Redis;
let service: RunningCommand;
let receiver: Receiver;
let collector: Collector;
let url: string;
let variables: Record<string, string>;
/** Of the API and of commands; those to an admin who asks for a webhook are apart. */
const answers: string[] = [];
const commands: string[] = [];
const toAdmin: string[] = [];

const WEBHOOK_ITSELF = /^\/api\/v1\/webhooks(?:\/\w+)?$/;

const ask = (method: string, path: string, body?: unknown, token?: string): Promise<number> =>
  askText(method, path, body === undefined ? undefined : JSON.stringify(body), token);

async function askText(method: string, path: string, body?: string, token = SECRETS.HOOKWAVE_API_KEY) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const isOwnWebhook = method === "GET" && WEBHOOK_ITSELF.test(path) && token === SECRETS.HOOKWAVE_API_KEY;
  (isOwnWebhook ? toAdmin : answers).push(text);
  return response.status;
}

async function command(...words: readonly string[]): Promise<void> {
  const { stdout, stderr } = await runCommand(words, variables);
  (words.join(" ") === "endpoints list --json" ? toAdmin : commands).push(stdout + stderr);
}

beforeAll(async () => {
  redis = await startRedis();
  let troubles = 0;
  receiver = await startReceiver(async (response, { headers }) => {
    // This answer cannot be recorded then: what would be written is in the error's arguments (trap 14). Once is enough.
    if (headers["webhook-id"] === TROUBLE && ++troubles === 1)
      await admin.config("SET", "min-replicas-to-write", "1");
    response.writeHead(500, { "x-hint": CONTENTS["an answer's header"] }).end(CONTENTS["an answer's body"]);
  });
  collector = await startCollector();
  admin = new Redis(redis.url);
  await admin.config("SET", "requirepass", SECRETS["REDIS_URL's password"]);
  const redisUrl = redis.url.replace("redis://", `redis://:${SECRETS["REDIS_URL's password"]}@`);
  admin.disconnect();
  admin = new Redis(redisUrl, { maxRetriesPerRequest: null });
  variables = {
    ...LOOPBACK_VARIABLES,
    REDIS_URL: redisUrl,
    HOOKWAVE_DATA_DIR: redis.dataDir,
    HOOKWAVE_ENCRYPTION_KEY: SECRETS.HOOKWAVE_ENCRYPTION_KEY,
    HOOKWAVE_API_KEY: SECRETS.HOOKWAVE_API_KEY,
    HOOKWAVE_ENCRYPTION_KEY_PREVIOUS: SECRETS.HOOKWAVE_ENCRYPTION_KEY_PREVIOUS,
    WEBHOOK_URL: at(ADDRESSES["a URL's path"], ADDRESSES["a URL's query"]),
    WEBHOOK_SECRET: SECRETS["WEBHOOK_SECRET, the newer"],
    WEBHOOK_SECRET_PREVIOUS: SECRETS["WEBHOOK_SECRET, the older"],
    WEBHOOK_MAX_RETRIES: "1",
    WEBHOOK_RETRY_DELAY: "100ms",
    WEBHOOK_CIRCUIT_BREAKER_FAILURE_THRESHOLD: "10000",
    LOG_LEVEL: "trace",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `api-key=${SECRETS["the collector's key"]}`,
    OTEL_BSP_SCHEDULE_DELAY: "50",
  };
  await sealWithPreviousKey();
  service = startCommand(["start"], variables);
  url = await apiUrl(service);
  variables = { ...variables, HOOKWAVE_URL: url };
  await connected(service);
  await registerEndpoints();
  await causeTrouble();
  await lookAtEverything();
}, 120_000);

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  admin.disconnect();
  await receiver.close();
  await collector[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const at = (path: string, query: string): string =>
  `${new URL(receiver.url).origin}/services/${path}?token=${query}`;

/** So that the previous key is used at start, to seal what it opens anew. */
async function sealWithPreviousKey(): Promise<void> {
  const { HOOKWAVE_ENCRYPTION_KEY_PREVIOUS: key, ...others } = variables;
  const words = ["endpoints", "add", receiver.url, "--id", "old", "--redis", others["REDIS_URL"] ?? ""];
  const added = await runCommand(words, { ...others, HOOKWAVE_ENCRYPTION_KEY: key ?? "" });
  expect(added.code).toBe(0);
}

async function registerEndpoints(): Promise<void> {
  const path = "/api/v1/webhooks";
  const { url: target } = receiver;
  const headers = { "x-token": SECRETS["a custom header's value"] };
  // What makes a secret shows it once, so this is no answer that must not hold it.
  const one = { id: "one", url: target, secret: SECRETS["an endpoint's secret"], headers, max_retries: 1 };
  await ask("POST", path, { ...one, signs_destinations: true });
  await ask("POST", `${path}/one/rotate-secret`, { secret: SECRETS["an endpoint's secret after rotation"] });
  await ask("POST", path, { id: "two", url: target, secret: SECRETS["an Ed25519 secret"], max_retries: 0 });
  const made = { name: "looks", roles: ["read"] };
  expect(await ask("POST", "/api/v1/keys", made)).toBe(201);
  SECRETS["an API key that was made"] = String(JSON.parse(answers.at(-1) ?? "").token);
  answers.length = 0;
  const userinfo = `https://user:${SECRETS["the password in a URL that is refused"]}@example.com/`;
  expect(await ask("POST", path, { url: userinfo })).toBe(422);
  expect(await ask("POST", path, { url: target, secret: SECRETS["a secret that is refused"] })).toBe(422);
  const split = { "x-token": `${SECRETS["a header that is refused"]}\r\nx-other: 1` };
  expect(await ask("POST", path, { url: target, headers: split })).toBe(422);
  const broken = `{"secret":${SECRETS["a secret in a body that is no JSON"]}}`;
  expect(await askText("POST", `${path}/one/rotate-secret`, broken)).toBe(400);
  await command("endpoints", "add", userinfo);
  await command("endpoints", "add", target, "--secret", SECRETS["a secret that is refused"]);
  await command("endpoints", "add", target, "--header", `x-token: ${split["x-token"]}`);
}

/** A receiver that fails, events that are refused, jobs that cannot be read, a Redis that refuses and goes away. */
async function causeTrouble(): Promise<void> {
  const event = { type: "thing.made", data: { text: CONTENTS["an event's data"] } };
  for (let n = 0; n < 5; n += 1) await ask("POST", "/api/v1/events", { ...event, id: `evt_${n}` });
  await ask("GET", "/api/v1/webhooks", undefined, SECRETS["a token that is not valid"]);
  const refused = CONTENTS["the data of an event that is refused"];
  await ask("POST", "/api/v1/events", { type: "NOT A TYPE", data: { text: refused } });
  await ask("POST", "/api/v1/events", { type: "job.completed", data: { text: refused } });
  await command("publish", "NOT A TYPE", JSON.stringify({ text: refused }));
  const queue = new Queue("events", { connection: admin, prefix: "{hookwave}" });
  await queue.add("alien", { type: "NOT A TYPE", data: { text: CONTENTS["an event's data"] } });
  await publishDestinations(queue, event);
  await queue.close();
  await until("deliveries are dead letters", async () => (await countLetters()) > 5);

  await ask("POST", "/api/v1/events", { ...event, id: TROUBLE });
  // An outage is one line, by whoever was refused first: so no other trouble of Redis comes before this one.
  await until("the service has said so", () =>
    service.log().some((line) => JSON.stringify(line).includes("NOREPLICAS")),
  );
  await ask("POST", "/api/v1/events", event);
  await ask("POST", "/api/v1/webhooks/two/rotate-secret", {
    secret: SECRETS["an endpoint's secret after rotation"],
  });
  await admin.config("SET", "min-replicas-to-write", "0");
  await admin.config("SET", "maxmemory", "1");
  await ask("POST", "/api/v1/events", event);
  await admin.config("SET", "maxmemory", "0");
  await until("it works again", async () => (await ask("POST", "/api/v1/events", event)) === 202);
}

async function publishDestinations(queue: Queue, event: object): Promise<void> {
  const to = (target: string) => ({ ...event, destinations: [{ url: target, keyId: "one" }] });
  const withPassword = (password: string) => to(receiver.url.replace("//", `//user:${password}@`));
  const path = "/api/v1/events";
  expect(await ask("POST", path, withPassword(SECRETS["a destination's password"]))).toBe(422);
  const alien = withPassword(SECRETS["a destination's password, in another producer's job"]);
  await queue.add("alien", { ...alien, id: "evt_alien" });
  const target = at(ADDRESSES["a destination's path"], ADDRESSES["a destination's query"]);
  expect(await ask("POST", path, { ...to(target), id: "evt_destined" })).toBe(202);
  expect(await ask("POST", "/api/v1/explain", to(target))).toBe(200);
  await until("it is on record", async () => (await ask("GET", `${path}/evt_destined`)) === 200);
}

const countLetters = (): Promise<number> => admin.zcard("{hookwave}:dead-letters:prioritized");

async function lookAtEverything(): Promise<void> {
  const reader = SECRETS["an API key that was made"];
  const path = "/api/v1/webhooks";
  const letters = await admin.zrange("{hookwave}:dead-letters:prioritized", 0, "-1");
  for (const token of [reader, SECRETS.HOOKWAVE_API_KEY]) {
    for (const id of ["one", "two", "default"]) await ask("GET", `${path}/${id}`, undefined, token);
    for (const id of ["one", "default"]) await ask("GET", `${path}/${id}/logs`, undefined, token);
    for (const id of letters) await ask("GET", `/api/v1/dead-letters/${id}`, undefined, token);
    for (const list of ["webhooks", "keys", "events", "deliveries", "events/evt_destined"])
      await ask("GET", `/api/v1/${list}`, undefined, token);
    for (const other of ["/health/webhooks", "/readyz", "/api/v1/openapi.json"])
      await ask("GET", other, undefined, token);
  }
  for (const id of ["one", "default"]) expect(await ask("POST", `${path}/${id}/test`, {})).toBe(200);
  expect(await ask("POST", "/api/v1/explain", { type: "thing.made", data: {} }, reader)).toBe(200);
  await command("endpoints", "list", "--json");
  await command("status");
  await command("keys", "list");
  await command("dead-letters", "list", "--json");
  await command("dead-letters", "show", letters[0] ?? "");
}

describe("after a run with every kind of trouble", () => {
  it("no secret is in a log, and no event, answer or query either", () => {
    const log = service.stdout() + service.stderr();
    expect(log.split("\n").length).toBeGreaterThan(20);
    expect(log).toContain("redis.lost");
    expect(found({ ...SECRETS, ...ADDRESSES, ...CONTENTS }, log)).toEqual([]);
  });

  it("none is in the metrics", async () => {
    const metrics = await (
      await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${SECRETS.HOOKWAVE_API_KEY}` } })
    ).text();
    expect(metrics).toContain("hookwave_attempts_total");
    expect(found({ ...SECRETS, ...ADDRESSES, ...CONTENTS }, metrics)).toEqual([]);
  });

  it("none is in what a collector of traces gets", () => {
    const outcomes = collector.spans().map(({ attributes }) => attributes["hookwave.outcome"]);
    expect(outcomes).toEqual(expect.arrayContaining(["refused"]));
    expect(found({ ...SECRETS, ...ADDRESSES, ...CONTENTS }, collector.text())).toEqual([]);
    expect(collector.requests[0]?.headers["api-key"]).toBe(SECRETS["the collector's key"]);
  });

  it("no secret is in Redis, neither in a job nor anywhere else", async () => {
    const all = await everythingIn(admin);
    // The search finds what is there: events and where they go lie open.
    expect(found(CONTENTS, all)).toEqual(["an event's data", "an answer's body"]);
    expect(found(ADDRESSES, all)).toEqual(Object.keys(ADDRESSES));
    expect(found(SECRETS, all)).toEqual([]);
  });

  it("none is in an answer of the API, also where it refuses", () => {
    expect(answers.length).toBeGreaterThan(20);
    expect(found(SECRETS, answers.join("\n"))).toEqual([]);
    expect(found({ refused: CONTENTS["the data of an event that is refused"] }, answers.join("\n"))).toEqual(
      [],
    );
  });

  it("nobody is shown where events go, but an admin who asks for a webhook", () => {
    expect(found(ADDRESSES, [...answers, ...commands].join("\n"))).toEqual([]);
    expect(found(SECRETS, toAdmin.join("\n"))).toEqual([]);
    expect(found(ADDRESSES, toAdmin.join("\n"))).toEqual(["a URL's path", "a URL's query"]);
  });

  it("none is in what a command prints, also where it refuses", () => {
    const printed = commands.join("\n");
    expect(printed.length).toBeGreaterThan(1_000);
    expect(found(SECRETS, printed)).toEqual([]);
  });

  it("was a run in which the canaries were used", () => {
    const [first] = receiver.requests;
    expect(
      receiver.requests.some(({ headers }) => headers["x-token"] === SECRETS["a custom header's value"]),
    ).toBe(true);
    expect(String(first?.body)).toContain(CONTENTS["an event's data"]);
  });
});
