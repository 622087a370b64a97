/** A log that cannot be written costs its lines and nothing else (trap 41). */
import { describe, expect, it } from "vitest";
import { freshDirectory, LOOPBACK_VARIABLES, runForJson } from "../support/command.ts";
import { keptPort } from "../support/kept-port.ts";
import { startOnSmallDisk } from "../support/log-disk.ts";
import { startReceiver } from "../support/receiver.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const linesDropped = async (url: string): Promise<number> =>
  Number(/^hookwave_log_lines_dropped_total (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

describe("a service whose log's disk fills up", () => {
  it("delivers on without the lines, counts them, says so once there is room, and obeys SIGTERM", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    const port = await keptPort();
    const url = `http://127.0.0.1:${port}`;
    const variables = { REDIS_URL: redis.url, HOOKWAVE_PORT: String(port), ...LOOPBACK_VARIABLES };
    await using service = startOnSmallDisk(directory.path, variables);
    await until("it is ready", async () => (await fetch(`${url}/readyz`)).status === 200);
    await runForJson(["endpoints", "add", receiver.url], { HOOKWAVE_URL: url });

    let published = 0;
    await until("lines are dropped", async () => {
      await publishTo(url);
      published += 1;
      return service.isFull() && (await linesDropped(url)) > 0;
    });
    for (let more = 0; more < 20; more += 1) await publishTo(url);
    await until("everything has come", () => new Set(receiver.ids()).size === published + 20);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);

    service.makeRoom();
    await publishTo(url);
    const missing = await until("it says how many are missing", () =>
      /"notice":"(\d+) lines before this one could not be written to the log \(EFBIG\)"/.exec(
        service.logText(),
      ),
    );
    expect(Number(missing[1])).toBe(await linesDropped(url));

    service.signal("SIGTERM");
    await until("it has ended", service.hasExited);
    expect(service.exitCode()).toBe(0);
    expect(service.logText()).toContain("service.stopping");
    expect(
      (await service.stderr()).match(/hookwave: expected a log that takes lines, got EFBIG/g),
    ).toHaveLength(1);
  });

  it("says in one line of standard error that it is full from the start, works, and obeys SIGTERM", async () => {
    await using directory = await freshDirectory();
    await using redis = await startRedis();
    const port = await keptPort();
    const variables = { REDIS_URL: redis.url, HOOKWAVE_PORT: String(port) };
    await using service = startOnSmallDisk(directory.path, variables, true);
    await until("it is ready", async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200);
    await publishTo(`http://127.0.0.1:${port}`);
    expect(await linesDropped(`http://127.0.0.1:${port}`)).toBeGreaterThan(0);

    service.signal("SIGTERM");
    await until("it has ended", service.hasExited);
    expect(service.exitCode()).toBe(0);
    expect(await service.stderr()).toBe(
      "hookwave: expected a log that takes lines, got EFBIG; they are dropped and counted (hookwave_log_lines_dropped_total) until there is room\n",
    );
  });
});

async function publishTo(url: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "thing.made", data: {} }),
  });
  expect(response.status).toBe(202);
}
