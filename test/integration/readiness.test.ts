/** Readiness by what Redis does, not by whether it answers: each state that a real one can be brought into. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { openHookwave } from "../../src/app.ts";
import { ask, publish, startApi } from "../support/api.ts";
import { LOOPBACK, startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const EVENT = '{"type":"thing.made","data":{}}';

type Change = (admin: Redis, redis: TestRedis) => Promise<unknown>;

const set =
  (name: string, value: string): Change =>
  (admin) =>
    admin.config("SET", name, value);
/** A script that writes first cannot be killed, and this one ends by itself. */
const busyFor =
  (ms: number): Change =>
  (admin) =>
    admin
      .config("SET", "busy-reply-threshold", "1")
      .then(() => void admin.eval(endless(ms), 0).catch(() => undefined));
const endless = (ms: number): string => `
local function at() local t = redis.call('TIME'); return t[1] * 1000 + t[2] / 1000 end
local till = at() + ${ms}
while at() < till do end`;

const STATES: readonly (readonly [word: string, begin: Change, end: Change])[] = [
  ["OOM", set("maxmemory", "1"), set("maxmemory", "0")],
  ["NOREPLICAS", set("min-replicas-to-write", "1"), set("min-replicas-to-write", "0")],
  ["READONLY", (admin) => admin.replicaof("127.0.0.1", 1), (admin) => admin.replicaof("NO", "ONE")],
  ["BUSY", busyFor(3_000), () => Promise.resolve()],
  [
    "NOPERM",
    (admin) => admin.acl("SETUSER", "default", "-evalsha", "-eval"),
    (admin) => admin.acl("SETUSER", "default", "+evalsha", "+eval"),
  ],
];

describe("GET /readyz", () => {
  it.each(STATES)("says what to do and is not ready while Redis says %s", async (word, begin, end) => {
    await using redis = await startRedis("--appendonly", "yes");
    const admin = new Redis(redis.url);
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const readiness = () => ask(`${api.url}/readyz`);
    await until("it is ready", async () => (await readiness()).status === 200);

    await begin(admin, redis);
    const unready = await until(`Redis says ${word}`, async () => {
      const answer = await readiness();
      return JSON.stringify(answer.body).includes(`"redis_says":"${word}"`) && answer;
    });
    expect(unready).toMatchObject({
      status: 503,
      body: { status: "not_ready", redis: "refusing", remedy: expect.stringMatching(/\w{4}/) },
    });
    const refused = await publish(api, EVENT);
    expect(refused).toMatchObject({ status: 503, body: { code: "REDIS_UNAVAILABLE" } });

    await end(admin, redis);
    await until("it is ready again", async () => (await readiness()).status === 200);
    admin.disconnect();
  });

  it("is not ready while its worker may not wait for jobs, though everything can be written", async () => {
    await using redis = await startRedis("--appendonly", "yes");
    const admin = new Redis(redis.url);
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const readiness = () => ask(`${api.url}/readyz`);

    await admin.acl("SETUSER", "default", "-bzpopmin");
    const unready = await until("it is not ready", async () => {
      const answer = await readiness();
      return answer.status === 503 && answer;
    });
    expect(unready.body).toMatchObject({ redis: "reachable", worker: "not_consuming" });

    await admin.acl("SETUSER", "default", "+bzpopmin");
    await until("it is ready again", async () => (await readiness()).status === 200);
    admin.disconnect();
  });

  it("is not ready in phase redis where the bus is the same Redis", async () => {
    await using redis = await startRedis("--appendonly", "yes");
    const admin = new Redis(redis.url);
    await using hookwave = await startHookwave(redis, {
      enableRedisFallback: true,
      redisFallbackMode: "redis",
    });
    await using api = await startApi(hookwave);
    await admin.config("SET", "min-replicas-to-write", "1");

    expect(await ask(`${api.url}/readyz`)).toMatchObject({ status: 503, body: { redis: "refusing" } });
    admin.disconnect();
  });
});

describe("a service whose password is wrong or missing", () => {
  it.each([
    ["NOAUTH", ""],
    ["WRONGPASS", ":hush-hush@"],
  ])("says %s with a remedy, and nowhere the password", async (word, credentials) => {
    await using redis = await startRedis("--appendonly", "yes");
    const admin = new Redis(redis.url);
    await admin.config("SET", "requirepass", "sesame");
    const heard: string[] = [];
    const hookwave = await openHookwave({
      redisUrl: redis.url.replace("redis://", `redis://${credentials}`),
      dataDir: redis.dataDir,
      ...LOOPBACK,
      listeners: [(happening) => heard.push(JSON.stringify(happening))],
    });
    await using api = await startApi(hookwave);
    const told = await until("it is told", () => heard.find((line) => line.includes(word)));
    expect(told).toContain('"code":"REDIS_UNAVAILABLE"');
    expect(told).toContain("REDIS_URL");
    expect(heard.join()).not.toContain("hush-hush");
    expect(await ask(`${api.url}/readyz`)).toMatchObject({ status: 503 });
    await hookwave.close();
    admin.disconnect();
  });
});
