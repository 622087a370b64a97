/**
 * Whatever is asked of the real server over HTTP, on a real Redis, it answers: in time, never with a failure of its
 * own, each refusal with a problem that has a code; nothing inherited is changed and nothing piles up in memory.
 */
import { Agent } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REQUEST_ERROR_CODES } from "../../src/api/problem.ts";
import { ERROR_CODES } from "../../src/core/errors.ts";
import { type Api, ask, startApi } from "../support/api.ts";
import { IS_DEEP } from "../support/depth.ts";
import { inherited, LARGE, WIDE } from "../support/hostile.ts";
import { type Case, hostileRequests } from "../support/hostile-requests.ts";
import { sendRaw } from "../support/raw-request.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const TOKEN = "t".repeat(32);
const UNDESCRIBED = [
  "/healthz",
  "/readyz",
  "/metrics",
  "/openapi.json",
  "/docs",
  "/docs/{id}",
  "/console",
  "/console/{id}",
  "/console/assets/{id}",
  "/console/session",
  "/{id}",
  "/api/v1/{id}",
];
/** Before anything is asked. */
const INHERITED = inherited();
const CODES = Object.keys({ ...ERROR_CODES, ...REQUEST_ERROR_CODES });

/** Each becomes a dead letter. */
const EVENTS = Array.from({ length: 10 }, (_, n) => `evt_${n}`);

const AT_ONCE = 10;
const ROUNDS = IS_DEEP ? 1_000 : 30;
const WARM_UP_ROUNDS = 100;
const PATIENCE_MS = 10_000;
const ANSWER_MAX_CHARS = 1_000_000;
const MEMORY_GROWTH_MAX_BYTES = 16 * 1_024 * 1_024;

let redis: TestRedis;
let hookwave: TestHookwave;
let api: Api;
let receiver: Receiver;
let requests: ReadonlyMap<string, fc.Arbitrary<Case>>;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

beforeAll(async () => {
  redis = await startRedis();
  receiver = await startReceiver(500);
  const ids = await leaveTraces();
  // Without workers, so that nobody is called at the addresses that are made up here.
  hookwave = await startHookwave(redis, { role: "api", apiKey: TOKEN });
  api = await startApi(hookwave, { delivers: false });
  const { body: document } = await ask(`${api.url}/openapi.json`);
  requests = hostileRequests(document, UNDESCRIBED, known(ids));
});

afterAll(async () => {
  agent.destroy();
  await api.close();
  await hookwave.close();
  await receiver.close();
  await redis[Symbol.asyncDispose]();
});

interface Ids {
  readonly letters: readonly string[];
  readonly deliveries: readonly string[];
  readonly replay: string;
}

/** What a service that works leaves behind: events, deliveries that wait, dead letters. */
async function leaveTraces(): Promise<Ids> {
  // Its breaker stays closed: held by an open one, they would be none for a minute.
  await using working = await startHookwave(redis, { apiKey: TOKEN, breakerFailureThreshold: 10_000 });
  for (const id of ["tested", "kept", "changed"])
    await working.endpoints.create({
      id,
      url: receiver.url,
      maxRetries: id === "kept" ? 0 : 2,
      signsDestinations: true,
    });
  for (const id of EVENTS) await working.publish({ type: "thing.made", data: {}, id });
  const letters = await until("there are dead letters", async () => {
    const { data } = await working.deadLetters.list({}, { after: null, limit: 10 });
    return data.length === EVENTS.length ? data : null;
  });
  const replay = await working.replays.begin({ filter: {}, ratePerSecond: 1 });
  return {
    letters: letters.map(({ id }) => id),
    deliveries: ["evt_1.kept", "evt_1.changed", "evt_2.tested"],
    replay: replay.id,
  };
}

function known({ letters, deliveries, replay }: Ids): Parameters<typeof hostileRequests>[2] {
  const letterRoutes = ["getDeadLetter", "replayDeadLetter"];
  const deliveryRoutes = ["getDelivery", "retryDelivery", "cancelDelivery"];
  const replayRoutes = ["getReplay", "pauseReplay", "resumeReplay", "cancelReplay"];
  const eventRoutes = ["getEvent", "replayEvent"];
  const each = (routes: readonly string[], ids: readonly string[]) =>
    Object.fromEntries(routes.map((route) => [route, ids]));
  return {
    ...each(letterRoutes, letters.slice(3)),
    deleteDeadLetter: letters.slice(0, 3),
    ...each(deliveryRoutes, deliveries),
    ...each(replayRoutes, [replay]),
    ...each(eventRoutes, EVENTS),
    // Its URL is changed by nobody, so that a test calls nobody else.
    testWebhook: ["tested"],
    deleteWebhook: ["a", "b"],
    authorization: [`Bearer ${TOKEN}`],
    id: ["changed", "a", "b"],
    webhook_id: ["a", "c"],
    url: [receiver.url, "http://127.0.0.1:3000/hook?token=1"],
    type: ["thing.made", "thing.made", "job.completed", "job.*"],
    events: ["thing.made", "job.*", "*"],
    event: ["thing.made", "evt_1"],
    endpoint: ["kept", "changed"],
    since: ["2026-01-31T12:00:00Z"],
    until: ["2036-01-31T12:00:00+01:00"],
    timestamp: ["2026-01-31T12:00:00Z"],
    secret: [`whsec_${Buffer.alloc(32, 1).toString("base64")}`],
    retry_schedule: ["2s", "5m"],
    durability: ["redis"],
    limit: [1, 100],
    rate: [1, 50],
    confirm_count: [0, 1],
    dry_run: [true],
    total: ["true", "false"],
    name: ["somebody"],
    phase: ["webhook", "dual", "primary"],
    for: ["30m", "1s"],
    p99: ["5s"],
  };
}

/** What came of each operation: how often it was asked, and how often it was done. */
const counts = new Map<string, { asked: number; done: number }>();

async function check({ operation, request }: Case): Promise<void> {
  const { status, type, text } = await sendRaw(api.url, request, agent, PATIENCE_MS);
  expect(text.length).toBeLessThan(ANSWER_MAX_CHARS);
  const count = counts.get(operation) ?? { asked: 0, done: 0 };
  counts.set(operation, { asked: count.asked + 1, done: count.done + (status < 300 ? 1 : 0) });
  if (status < 400) return;
  expect(status, `${operation}: ${text}`).toBeLessThan(500);
  expect(type, text).toMatch(/^application\/problem\+json/);
  expect(CODES).toContain(JSON.parse(text).code);
}

async function fuzz(rounds: number): Promise<void> {
  const anyCase = fc.oneof(...requests.values());
  const atOnce = fc.array(anyCase, { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(
    fc.asyncProperty(atOnce, async (cases) => void (await Promise.all(cases.map(check)))),
    { numRuns: rounds, endOnFailure: true },
  );
}

/** Its body is read: it comes with a key, and is called JSON. */
const isProper = ({ request: { method, headers, body } }: Case): boolean =>
  method !== "GET" &&
  body !== undefined &&
  isDeepStrictEqual(headers, [
    ["content-type", "application/json"],
    ["authorization", `Bearer ${TOKEN}`],
  ]);

/** After everything that nobody needs is gone. */
function memoryBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const BODIES = [...LARGE, ...WIDE];

/** All of them for each operation, or one each, in turn. */
const bodiesFor = (at: number): readonly string[] =>
  IS_DEEP ? BODIES : BODIES.slice(at % BODIES.length).slice(0, 1);

describe("any request to any route", () => {
  it("is answered, and refused by name where it is refused, and leaves nothing behind in memory", async () => {
    await fuzz(WARM_UP_ROUNDS);
    const memoryBefore = memoryBytes();
    await fuzz(ROUNDS);
    const grown = memoryBytes() - memoryBefore;

    expect(grown).toBeLessThan(MEMORY_GROWTH_MAX_BYTES);
    expect(inherited()).toBe(INHERITED);
    expect([...counts.keys()].sort()).toEqual([...requests.keys()].sort());
    // Where nothing is ever done, only the first checks are met.
    const done = [...counts.values()].filter((count) => count.done > 0);
    expect(done.length).toBeGreaterThan((2 / 3) * counts.size);
  }, 240_000);

  it("is answered in time when its body is large and simple, or wide", async () => {
    const proper = [...requests.values()].flatMap((cases) => fc.sample(cases, 50).find(isProper) ?? []);
    expect(proper.length).toBeGreaterThan(10);
    for (const [at, one] of proper.entries())
      for (const body of bodiesFor(at)) await check({ ...one, request: { ...one.request, body } });
  }, 240_000);
});
