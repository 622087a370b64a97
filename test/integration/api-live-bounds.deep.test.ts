/** The bounds of the live view: a slow reader, many of them, a key that is revoked, and a service that is closed. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { type Api, ask, startApi } from "../support/api.ts";
import { cookieOf, SESSION, signIn } from "../support/console.ts";
import { watch } from "../support/live.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";
import { delivered } from "../unit/observe/happenings.ts";

const PATH = "/api/v1/live";

async function openScene() {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const hookwave = stack.use(await startHookwave(redis, { role: "api" }));
  const api = stack.use(await startApi(hookwave));
  return { redis, hookwave, api, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** One who asks, and reads nothing from the first bytes of the answer on. */
async function askAndStop({ url }: Api, query = ""): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("utf8");
  socket.write(`GET ${PATH}${query} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  await once(socket, "data");
  socket.pause();
  return socket;
}

/** As the attempt log writes them, 200 together. */
async function record(url: string, writes: readonly number[]): Promise<void> {
  const redis = new Redis(url);
  for (const write of writes) {
    const fields = Array.from({ length: 200 }, (_, n) => [
      "attempt",
      JSON.stringify({ ...delivered, attemptId: `atm_${write}_${n}`, eventType: `work.${"x".repeat(100)}` }),
    ]);
    await redis.xadd("{hookwave}:recent", "*", ...fields.flat());
  }
  redis.disconnect();
}

describe("a reader that is slower than the stream", () => {
  it("is told how many attempts it has lost, gets the latest ones, and keeps nobody else waiting", async () => {
    await using scene = await openScene();
    const { redis, api } = scene;
    const slow = await askAndStop(api);
    await using quick = await watch(`${api.url}${PATH}`);
    const writes = 120;
    for (let write = 0; write < writes; write += 1) {
      await record(redis.url, [write]);
      await quick.attempts((write + 1) * 200);
    }
    expect(quick.events.filter(({ event }) => event === "dropped")).toEqual([]);

    let text = "";
    slow.on("data", (chunk: string) => {
      text += chunk;
    });
    slow.resume();
    await until("it has the last one", () => text.includes(`"atm_${writes - 1}_199"`));
    slow.destroy();

    const dropped = [...text.matchAll(/event: dropped\ndata: \{"count":(\d+)\}/g)].map(([, count]) =>
      Number(count),
    );
    const got = [...text.matchAll(/event: attempt\n/g)].length;
    expect(dropped).not.toEqual([]);
    expect(got + dropped.reduce((sum, count) => sum + count, 0)).toBe(writes * 200);
  });
});

describe("a slow reader that came back", () => {
  it("is told of what the stream lost while it read on, and gets what is left", async () => {
    await using scene = await openScene();
    const { redis, api } = scene;
    const writes = 120;
    await record(redis.url, [...Array(writes).keys()]);
    const slow = await askAndStop(api, "?after=0-0");
    const trimming = new Redis(redis.url);
    await trimming.xtrim("{hookwave}:recent", "MAXLEN", 10);
    trimming.disconnect();

    let text = "";
    slow.on("data", (chunk: string) => {
      text += chunk;
    });
    slow.resume();
    await until("it has the last one", () => text.includes(`"atm_${writes - 1}_199"`));
    slow.destroy();

    expect([...text.matchAll(/event: attempt\n/g)].length).toBeLessThan(writes * 200);
    expect(text.match(/event: dropped\ndata: \S+/g)).toEqual(['event: dropped\ndata: {"count":null}']);
  });
});

describe("live views", () => {
  it("are five with one key, and the next one is told when to try again", async () => {
    await using scene = await openScene();
    const { hookwave, api } = scene;
    const [one, two] = await Promise.all(
      ["one", "two"].map((name) => hookwave.keys.create({ name, roles: ["read"] })),
    );
    const asKey = (token = "") => ({ authorization: `Bearer ${token}` });
    const open = await Promise.all([1, 2, 3, 4, 5].map(() => watch(`${api.url}${PATH}`, asKey(one?.token))));

    const refused = await ask(`${api.url}${PATH}`, { headers: asKey(one?.token) });
    expect(refused).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await using other = await watch(`${api.url}${PATH}`, asKey(two?.token));
    expect(other.status).toBe(200);
    await open[0]?.close();
    await until("there is room again", async () => {
      await using again = await watch(`${api.url}${PATH}`, asKey(one?.token));
      return again.status === 200;
    });
    await Promise.all(open.map(({ close }) => close()));
  });

  it("are five with one key also where more of them are asked for at once", async () => {
    await using scene = await openScene();
    const { token } = await scene.hookwave.keys.create({ name: "one", roles: ["read"] });
    const asked = Array.from({ length: 12 }, () =>
      watch(`${scene.api.url}${PATH}`, { authorization: `Bearer ${token}` }),
    );
    const open = await Promise.all(asked);
    expect(open.filter(({ status }) => status === 200)).toHaveLength(5);
    await Promise.all(open.map(({ close }) => close()));
  });

  it("end when their key is revoked, and no other's does", async () => {
    await using scene = await openScene();
    const { hookwave, api } = scene;
    const keys = await Promise.all(
      ["one", "two"].map((name) => hookwave.keys.create({ name, roles: ["read"] })),
    );
    const [first, second] = await Promise.all(
      keys.map(({ token }) => watch(`${api.url}${PATH}`, { authorization: `Bearer ${token}` })),
    );
    await hookwave.keys.revoke(keys[0]?.id ?? "");
    await until("it has ended", () => first?.hasEnded(), 30_000);
    expect(second?.hasEnded()).toBe(false);
    await second?.close();
  });

  it("go on with a session, and end when it does", async () => {
    await using scene = await openScene();
    const { hookwave, api } = scene;
    const { token } = await hookwave.keys.create({ name: "one", roles: ["read"] });
    const [staying, leaving] = [cookieOf(await signIn(api, token)), cookieOf(await signIn(api, token))];
    await using first = await watch(`${api.url}${PATH}`, { cookie: staying });
    await using second = await watch(`${api.url}${PATH}`, { cookie: leaving });
    expect([first.status, second.status]).toEqual([200, 200]);
    const own = { cookie: leaving, "sec-fetch-site": "same-origin", "content-type": "application/json" };
    await ask(`${api.url}${SESSION}`, { method: "DELETE", headers: own });
    await until("it has ended", second.hasEnded, 30_000);
    expect(first.hasEnded()).toBe(false);
  });

  it("end when the service is closed, at once for who keeps up, and within its grace for who does not", async () => {
    await using scene = await openScene();
    const { redis, hookwave } = scene;
    const api = await startApi(hookwave);
    await using watching = await watch(`${api.url}${PATH}`);
    const slow = await askAndStop(api);
    await record(redis.url, [...Array(50).keys()]);
    await watching.attempts(200);
    const startedAt = performance.now();
    await api.close();
    const tookMs = performance.now() - startedAt;
    slow.destroy();
    await until("it has ended", watching.hasEnded);
    expect(tookMs, "it does not wait for its grace, which is two seconds").toBeLessThan(1_500);
  });
});
