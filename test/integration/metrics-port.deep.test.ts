/** The listener for metrics and probes, as `hookwave start` opens it for each role. */
import { describe, expect, it } from "vitest";
import { apiUrl, connected, freshDirectory, startCommand } from "../support/command.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

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
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
