/**
 * Secrets stay secret: a canary in every place where a user can put one, a run with every kind of trouble, and then a
 * search over all that can be seen: logs, metrics, jobs and everything else in Redis, API answers, command output.
 */
import { randomBytes } from "node:crypto";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ed25519Secret } from "../../src/wire/ed25519.ts";
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

const canary = (): string => `canary${randomBytes(24).toString("hex")}`;
const signingSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

/** Nobody may see these anywhere. */
const SECRETS = {
  "REDIS_URL's password": canary(),
  HOOKWAVE_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
  HOOKWAVE_API_KEY: canary(),
  "WEBHOOK_SECRET, the newer": signingSecret(),
  "WEBHOOK_SECRET, the older": signingSecret(),
  "an endpoint's secret": signingSecret(),
  "an endpoint's secret after rotation": signingSecret(),
  "an Ed25519 secret": ed25519Secret(randomBytes(32)),
  "a custom header's value": canary(),
  "the password in a URL that is refused": canary(),
  "a secret that is refused": `whsec_!${canary()}`,
  "a header that is refused": canary(),
  "a token that is not valid": canary(),
};
/** These belong in Redis, and to whoever may read events or endpoints; logs and metrics have no business with them. */
const CONTENTS = {
  "an event's data": canary(),
  "the data of an event that is refused": canary(),
  "an answer's body": canary(),
  "an answer's header": canary(),
  "a URL's query": canary(),
};

/** While this event is being delivered, Redis begins to refuse writes. */
const TROUBLE = "evt_trouble";

let redis: TestRedis;
let admin: Redis;
let service: RunningCommand;
let receiver: Receiver;
let url: string;
let variables: Record<string, string>;
const answers: string[] = [];
const commands: string[] = [];

async function ask(method: string, path: string, body?: unknown, token = SECRETS.HOOKWAVE_API_KEY) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  answers.push(`${method} ${path}: ${response.status} ${text}`);
  return response.status;
}

async function command(...words: readonly string[]): Promise<void> {
  const { stdout, stderr } = await runCommand(words, variables);
  commands.push(`${words.join(" ")}\n${stdout}${stderr}`);
}

beforeAll(async () => {
  redis = await startRedis();
  receiver = await startReceiver(async (response, { headers }) => {
    // From now on this answer cannot be recorded: what would be written is in the error's arguments (trap 14).
    if (headers["webhook-id"] === TROUBLE) await admin.config("SET", "min-replicas-to-write", "1");
    response.writeHead(500, { "x-hint": CONTENTS["an answer's header"] }).end(CONTENTS["an answer's body"]);
  });
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
    WEBHOOK_URL: `${receiver.url}?token=${CONTENTS["a URL's query"]}`,
    WEBHOOK_SECRET: `${SECRETS["WEBHOOK_SECRET, the newer"]},${SECRETS["WEBHOOK_SECRET, the older"]}`,
    WEBHOOK_MAX_RETRIES: "1",
    WEBHOOK_RETRY_DELAY: "100ms",
    WEBHOOK_CIRCUIT_BREAKER_FAILURE_THRESHOLD: "10000",
    LOG_LEVEL: "trace",
  };
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
  await redis[Symbol.asyncDispose]();
});

async function registerEndpoints(): Promise<void> {
  const path = "/api/v1/webhooks";
  const { url: target } = receiver;
  const headers = { "x-token": SECRETS["a custom header's value"] };
  // What makes a secret shows it once, so this is no answer that must not hold it.
  await ask("POST", path, {
    id: "one",
    url: target,
    secret: SECRETS["an endpoint's secret"],
    headers,
    max_retries: 1,
  });
  await ask("POST", `${path}/one/rotate-secret`, { secret: SECRETS["an endpoint's secret after rotation"] });
  await ask("POST", path, { id: "two", url: target, secret: SECRETS["an Ed25519 secret"], max_retries: 0 });
  answers.length = 0;
  const userinfo = `https://user:${SECRETS["the password in a URL that is refused"]}@example.com/`;
  expect(await ask("POST", path, { url: userinfo })).toBe(422);
  expect(await ask("POST", path, { url: target, secret: SECRETS["a secret that is refused"] })).toBe(422);
  const split = { "x-token": `${SECRETS["a header that is refused"]}\r\nx-other: 1` };
  expect(await ask("POST", path, { url: target, headers: split })).toBe(422);
  await command("endpoints", "add", userinfo);
  await command("endpoints", "add", target, "--secret", SECRETS["a secret that is refused"]);
  await command(
    "endpoints",
    "add",
    target,
    "--header",
    `x-token: ${SECRETS["a header that is refused"]}\r\nx-other: 1`,
  );
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
  await queue.close();
  await until("deliveries are dead letters", async () => (await countLetters()) > 5);

  await admin.config("SET", "maxmemory", "1");
  await ask("POST", "/api/v1/events", event);
  await admin.config("SET", "maxmemory", "0");
  await ask("POST", "/api/v1/events", { ...event, id: TROUBLE });
  await until("the service has said so", () =>
    service.log().some(({ doing }) => doing === "record_attempts"),
  );
  await ask("POST", "/api/v1/events", event);
  await ask("POST", "/api/v1/webhooks/two/rotate-secret", {
    secret: SECRETS["an endpoint's secret after rotation"],
  });
  await admin.config("SET", "min-replicas-to-write", "0");
  await until("it works again", async () => (await ask("POST", "/api/v1/events", event)) === 202);
}

const countLetters = (): Promise<number> => admin.zcard("{hookwave}:dead-letters:prioritized");

async function lookAtEverything(): Promise<void> {
  const queryCanary = CONTENTS["a URL's query"];
  for (const path of [
    "webhooks",
    "webhooks/one",
    "webhooks/two",
    "webhooks/default",
    "webhooks/one/logs",
    "keys",
  ]) {
    await ask("GET", `/api/v1/${path}`);
  }
  for (const path of ["/health/webhooks", "/readyz", "/api/v1/openapi.json"]) await ask("GET", path);
  await command("endpoints", "list", "--json");
  await command("status");
  await command("keys", "list");
  await command("dead-letters", "list", "--json");
  const [first = ""] = await admin.zrange("{hookwave}:dead-letters:prioritized", 0, "0");
  await command("dead-letters", "show", first);
  await command("status", "--redis", `${redis.url}?password=${queryCanary}`);
}

/** Base64 and percent-encoding hide a text from a plain search. */
function formsOf(secret: string): readonly string[] {
  const bare = secret.replace(/^wh(?:sec|sk)_/, "");
  return [bare, encodeURIComponent(bare), Buffer.from(bare).toString("base64").replace(/=+$/, "")];
}

/** Which of them are found. */
function found(canaries: Readonly<Record<string, string>>, text: string): readonly string[] {
  return Object.entries(canaries).flatMap(([what, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [what] : [],
  );
}

async function everythingInRedis(): Promise<string> {
  const texts: string[] = [];
  for (const key of await admin.keys("*")) texts.push(key, await readKey(key));
  return texts.join("\n");
}

async function readKey(key: string): Promise<string> {
  switch (await admin.type(key)) {
    case "hash":
      return JSON.stringify(await admin.hgetall(key));
    case "list":
      return JSON.stringify(await admin.lrange(key, 0, -1));
    case "set":
      return JSON.stringify(await admin.smembers(key));
    case "zset":
      return JSON.stringify(await admin.zrange(key, 0, "-1"));
    case "stream":
      return JSON.stringify(await admin.xrange(key, "-", "+"));
    default:
      return String(await admin.get(key));
  }
}

describe("after a run with every kind of trouble", () => {
  it("no secret is in a log, and no event, answer or query either", () => {
    const log = service.stdout() + service.stderr();
    expect(log.split("\n").length).toBeGreaterThan(20);
    expect(log).toContain("service.failed");
    expect(found(SECRETS, log)).toEqual([]);
    expect(found(CONTENTS, log)).toEqual([]);
  });

  it("none is in the metrics", async () => {
    const metrics = await (
      await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${SECRETS.HOOKWAVE_API_KEY}` } })
    ).text();
    expect(metrics).toContain("webhook_attempts_total");
    expect(found({ ...SECRETS, ...CONTENTS }, metrics)).toEqual([]);
  });

  it("no secret is in Redis, neither in a job nor anywhere else", async () => {
    const all = await everythingInRedis();
    // The search finds what is there: events and endpoints' URLs lie open.
    expect(found(CONTENTS, all)).toEqual(["an event's data", "an answer's body", "a URL's query"]);
    expect(found(SECRETS, all)).toEqual([]);
  });

  it("none is in an answer of the API, also where it refuses", () => {
    expect(answers.length).toBeGreaterThan(20);
    expect(found(SECRETS, answers.join("\n"))).toEqual([]);
    expect(found({ refused: CONTENTS["the data of an event that is refused"] }, answers.join("\n"))).toEqual(
      [],
    );
  });

  it("none is in what a command prints, also where it refuses", () => {
    const printed = commands.map((text) => text.slice(text.indexOf("\n"))).join("\n");
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
