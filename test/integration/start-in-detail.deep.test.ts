/** `hookwave start` on a Redis that comes late or that it brings, and where something is in its way. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPublisher } from "../../src/index.ts";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import {
  apiUrl,
  connected,
  freshDirectory,
  runCommand,
  runForJson,
  spawnCommand,
  startCommand,
} from "../support/command.ts";
import { keptPort } from "../support/kept-port.ts";
import { startReceiver } from "../support/receiver.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

describe("hookwave start", () => {
  it("says how many secrets it read for WEBHOOK_URL, and of a comma that it is the secret's own", async () => {
    await using directory = await freshDirectory();
    const variables = {
      HOOKWAVE_DATA_DIR: directory.path,
      REDIS_URL: "redis://127.0.0.1:1",
      WEBHOOK_URL: "https://receiver.example.com/hook",
      WEBHOOK_SECRET: "N7!k,Qz2@v",
      WEBHOOK_SECRET_PREVIOUS: "old,hush-hush",
    };
    await using service = startCommand(["start"], variables);
    await until("it has told of the comma", () =>
      service
        .log()
        .some(({ notice }) => String(notice).includes("WEBHOOK_SECRET holds a comma, which belongs")),
    );
    expect(service.log()).toContainEqual(
      expect.objectContaining({ msg: "service.started", webhookSecrets: 2 }),
    );
    expect(service.stdout()).not.toMatch(/Qz2|hush-hush/);
  });

  it("listens while Redis is away, waits for it, and can be stopped meanwhile", async () => {
    await using directory = await freshDirectory();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: "redis://127.0.0.1:1" };
    await using service = startCommand(["start"], variables);
    const url = await apiUrl(service);

    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    service.signal("SIGTERM");
    expect(await service.ended()).toBe(0);
  });

  it("becomes ready when a Redis that was away comes", async () => {
    await using directory = await freshDirectory();
    const port = await keptPort();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: `redis://127.0.0.1:${port}` };
    await using service = startCommand(["start"], variables);
    const url = await apiUrl(service);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);

    const searchPath = process.env["PATH"] ?? "";
    const redis = await startEmbeddedRedis({ dataDir: join(directory.path, "redis"), searchPath, port });
    try {
      await until("it is ready", async () => (await fetch(`${url}/readyz`)).status === 200);
      service.signal("SIGTERM");
      expect(await service.ended()).toBe(0);
    } finally {
      await redis.stop();
    }
  });

  it("says in its log what a doctor finds besides, and once it works", async () => {
    await using directory = await freshDirectory();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, WEBHOOK_TIMEOUT: "60", HOLD_MAX_AGE: "10d" };
    await using service = startCommand(["start"], variables);
    const told = (): readonly string[] =>
      service.log().flatMap(({ detail, notice }) => {
        const { check = "" } = Object(detail);
        return check === "" || check === "redis.latency" ? [] : [`${check}: ${notice}`];
      });
    await until("it has told both", () => told().length >= 2);

    expect(told()).toEqual([
      expect.stringMatching(/^settings.contradiction: .*SHUTDOWN_GRACE.*; raise/),
      expect.stringMatching(/^settings.contradiction: .*HOLD_MAX_AGE.*; raise/),
    ]);
    const messages = service.log().map(({ msg, detail }) => ("check" in Object(detail) ? "doctor" : msg));
    expect(messages.indexOf("doctor")).toBeGreaterThan(messages.indexOf("service.connected"));
  });

  it("ends with 78 when WEBHOOK_URL is no address that may be called", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const variables = {
      HOOKWAVE_DATA_DIR: directory.path,
      REDIS_URL: redis.url,
      WEBHOOK_URL: "https://127.0.0.1/hook",
      WEBHOOK_SECRET: "secret",
    };
    const { code, stderr } = await spawnCommand(["start"], variables);
    expect(stderr).toContain("WEBHOOK_URL");
    expect(code).toBe(78);
  });

  it("ends with 78, its Redis stopped, when its port is taken", async () => {
    await using directory = await freshDirectory();
    await using receiver = await startReceiver();
    const variables = { HOOKWAVE_DATA_DIR: directory.path, HOOKWAVE_PORT: new URL(receiver.url).port };
    const { code, stderr } = await spawnCommand(["start"], variables);
    expect(stderr).toContain("EADDRINUSE");
    expect(code).toBe(78);
    expect(await readdir(directory.path)).not.toContain("redis.json");
  });

  it("says how to publish into the Redis that it brings, and that works", async () => {
    await using directory = await freshDirectory();
    const variables = { HOOKWAVE_DATA_DIR: directory.path };
    await using service = startCommand(["start"], variables);
    await connected(service);
    expect(service.stdout()).toContain('REDIS_URL=\\"$(npx hookwave redis-url)\\"');
    const { url } = await runForJson(["redis-url"], variables);
    expect(service.stdout()).not.toContain(new URL(url).password);
    const publisher = createPublisher({ redisUrl: url });
    expect(await publisher.publish({ type: "thing.made", data: {}, id: "evt_1" })).toEqual({ id: "evt_1" });
    await publisher.close();
    service.signal("SIGTERM");
    await service.ended();
    const { code, stderr } = await runCommand(["redis-url"], variables);
    expect(stderr).toContain("run `hookwave start` first");
    expect(code).toBe(78);
  });
});
