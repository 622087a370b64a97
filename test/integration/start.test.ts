/** `hookwave start` from its first line to its last, as a supervisor or a terminal sees it. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  apiUrl,
  connected,
  freshDirectory,
  LOOPBACK_VARIABLES,
  type RunningCommand,
  runCommand,
  runForJson,
  spawnCommand,
  startCommand,
} from "../support/command.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

describe("hookwave start", () => {
  it("says where it listens and to which Redis it talks, without the password", async () => {
    await using directory = await freshDirectory();
    const redisUrl = "redis://user:hush-hush@127.0.0.1:1/3?password=hush-hush";
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redisUrl };
    await using service = startCommand(["start", "--role", "api"], variables);
    const url = await apiUrl(service);

    expect(service.log()).toContainEqual(
      expect.objectContaining({
        ...{ msg: "service.started", role: "api", url, boundTo: "127.0.0.1" },
        redis: "redis://127.0.0.1:1/3",
      }),
    );
    await until("it has warned of the development key", () =>
      service.log().some(({ notice }) => String(notice).includes("HOOKWAVE_ENCRYPTION_KEY is not set")),
    );
    expect(service.stdout()).not.toContain("hush-hush");
  });

  it("ends with 78 and one message that names every variable that cannot work", async () => {
    const variables = { HOOKWAVE_PORT: "many", WEBHOOK_TIMEOUT: "soon", REDIS_URL: "http://hush-hush" };
    const { code, stdout, stderr } = await spawnCommand(["start"], variables);

    expect(code).toBe(78);
    expect(stdout).toBe("");
    for (const variable of Object.keys(variables)) expect(stderr).toContain(`${variable}: expected`);
    expect(stderr).not.toContain("hush-hush");
  });

  it("ends with 78 on a Redis that throws events away", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis("--maxmemory-policy", "allkeys-lru");
    const variables = { HOOKWAVE_DATA_DIR: directory.path, REDIS_URL: redis.url };
    const { code, stderr } = await spawnCommand(["start", "--json"], variables);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "REDIS_UNSAFE", got: "allkeys-lru" } });
    expect(code).toBe(78);
  });

  it("finishes what is in flight at Ctrl-C, and its Redis is there until then", async () => {
    await using directory = await freshDirectory();
    let answer = (): void => undefined;
    await using receiver = await startReceiver((response) => {
      answer = () => response.writeHead(200).end();
    });
    const variables = { ...LOOPBACK_VARIABLES, HOOKWAVE_DATA_DIR: directory.path };
    await using service = startCommand(["start"], variables);
    await connected(service);
    await deliver(service, receiver);

    service.interrupt();
    await until("it drains", () => service.log().some(({ msg }) => msg === "service.stopping"));
    answer();
    expect(await service.ended()).toBe(0);
    const happened = service.log().map(({ msg }) => msg);
    expect(happened.indexOf("attempt.finished")).toBeGreaterThan(happened.indexOf("service.stopping"));
    expect(await readdir(directory.path)).not.toContain("redis.json");
  });

  it("ends at once at a second signal, and takes the embedded Redis with it", async () => {
    await using directory = await freshDirectory();
    await using receiver = await startReceiver(() => undefined);
    const variables = { ...LOOPBACK_VARIABLES, HOOKWAVE_DATA_DIR: directory.path, SHUTDOWN_GRACE: "60" };
    await using service = startCommand(["start"], variables);
    await connected(service);
    const { url: redis } = JSON.parse(await readFile(join(directory.path, "redis.json"), "utf8"));
    await deliver(service, receiver);

    await until("it has ended", () => {
      service.signal("SIGTERM");
      return service.hasExited();
    });
    expect(await service.ended()).toBe(1);
    const status = ["status", "--redis", redis, "--json"];
    await until("its Redis is gone", async () =>
      (await runCommand(status)).stderr.includes("REDIS_UNAVAILABLE"),
    );
  });
});

async function deliver(service: RunningCommand, receiver: Receiver): Promise<void> {
  const variables = { HOOKWAVE_URL: await apiUrl(service) };
  await runForJson(["endpoints", "add", receiver.url], variables);
  await runForJson(["publish", "invoice.paid", "{}"], variables);
  await receiver.received(1);
}
