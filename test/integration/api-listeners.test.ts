/** To whom the HTTP listeners of a process are open, as `hookwave start` opens them. */
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { freePort } from "../../src/process/embedded-redis.ts";
import { apiUrl, connected, freshDirectory, runForJson, startCommand } from "../support/command.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

/** An address of this machine that others could reach, where it has one; loopback has a whole network of its own. */
const outside =
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === "IPv4" && !one.internal)?.address ?? "0.0.0.0";

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

describe("HOOKWAVE_HOST beyond loopback", () => {
  it("is not listened on while there is no API key, and the log says so", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url, HOOKWAVE_HOST: outside };
    await using service = startCommand(["start", "--role", "api"], variables);
    const url = await apiUrl(service);

    expect(new URL(url).hostname).toBe("127.0.0.1");
    expect(await answers(url)).toBe(true);
    await until("it has said so", () =>
      service.log().some(({ notice }) => String(notice).includes("there is no API key yet")),
    );
  });

  it("is listened on while Redis has not said whether there is one, and everyone is told so", async () => {
    await using directory = await freshDirectory();
    const nowhere = `redis://127.0.0.1:${await freePort()}`;
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: nowhere, HOOKWAVE_HOST: outside };
    await using service = startCommand(["start", "--role", "api"], variables);
    const url = await apiUrl(service);

    expect(new URL(url).hostname).toBe(outside);
    expect(await answers(url)).toBe(true);
    for (const headers of [{}, { authorization: `Bearer hw_live_${"0".repeat(16)}_${"x".repeat(43)}` }]) {
      const refused = await fetch(`${url}/api/v1/keys`, { headers });
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    }
  });

  it("is listened on with HOOKWAVE_API_KEY, or once a key was made", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url, HOOKWAVE_HOST: outside };
    const open = async (more: Readonly<Record<string, string>>) => {
      await using service = startCommand(["start", "--role", "api"], { ...variables, ...more });
      const url = await apiUrl(service);
      expect(new URL(url).hostname).toBe(outside);
      await connected(service);
      expect((await fetch(`${url}/api/v1/keys`)).status).toBe(401);
    };

    await open({ HOOKWAVE_API_KEY: "k".repeat(32) });
    const there = ["--redis", redis.url];
    const made = await runForJson(["keys", "create", "ci", "--role", "read", ...there], variables);
    expect(made).toMatchObject({ name: "ci", roles: ["read"], token: expect.stringMatching(/^hw_live_/) });
    await open({});
    const { data } = await runForJson(["keys", "list", ...there], variables);
    expect(data).toHaveLength(1);
    expect(JSON.stringify(data)).not.toContain("hw_live_");
  });
});

describe("METRICS_PORT", () => {
  it("serves the metrics there without a key, and on the API's port no more", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = {
      HOOKWAVE_DATA_DIR: directory.path,
      REDIS_URL: redis.url,
      HOOKWAVE_API_KEY: "k".repeat(32),
      METRICS_PORT: "0",
    };
    await using service = startCommand(["start", "--role", "api"], variables);
    const url = await apiUrl(service);

    const started = service.log().find(({ msg }) => msg === "service.started");
    expect(await (await fetch(`${started?.["metricsUrl"]}/metrics`)).text()).toContain(
      "hookwave_attempts_total",
    );
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
  });

  it.each([
    ["api", "not_here", {}],
    ["worker", "consuming", {}],
    ["all", "consuming", {}],
    ["worker", "consuming", { METRICS: "false" }],
  ])(
    "says there whether a process of the role %s is alive and ready (%s, %j), without a key",
    async (role, worker, more) => {
      await using directory = await freshDirectory();
      await using redis = await startRedis();
      const variables = {
        REDIS_URL: redis.url,
        HOOKWAVE_API_KEY: "k".repeat(32),
        METRICS_PORT: "0",
        ...more,
      };
      const own = { HOOKWAVE_DATA_DIR: directory.path, HOOKWAVE_PORT: "0" };
      await using service = startCommand(["start", "--role", role], { ...variables, ...own });
      await connected(service);
      const url = service.log().find(({ msg }) => msg === "service.started")?.["metricsUrl"];
      const [live, ready, metrics] = await Promise.all(
        ["healthz", "readyz", "metrics"].map((path) => fetch(`${url}/${path}`)),
      );

      expect([live?.status, await live?.json()]).toEqual([200, { status: "ok" }]);
      expect([ready?.status, await ready?.json()]).toEqual([
        200,
        { status: "ready", redis: "reachable", worker },
      ]);
      expect(metrics?.status).toBe("METRICS" in more ? 404 : 200);
      await metrics?.text();
    },
  );

  it("says there whether a worker, which has no API, is alive and can work", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = {
      HOOKWAVE_DATA_DIR: directory.path,
      REDIS_URL: redis.url,
      METRICS_PORT: "0",
    };
    await using service = startCommand(["start", "--role", "worker"], variables);
    await connected(service);
    const url = service.log().find(({ msg }) => msg === "service.started")?.["metricsUrl"];
    const readiness = async () => {
      const response = await fetch(`${url}/readyz`);
      return { status: response.status, body: await response.json() };
    };

    expect(await readiness()).toEqual({
      status: 200,
      body: { status: "ready", redis: "reachable", worker: "consuming" },
    });
    await redis.stop();
    const unready = await until("it is not ready", async () => {
      const answer = await readiness();
      return answer.status === 503 && answer;
    });
    expect(unready.body).toMatchObject({ status: "not_ready", redis: "unreachable" });
    expect(await answers(String(url))).toBe(true);
  });
});
