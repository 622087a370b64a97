/** An embedded Redis that is killed is started again, by whichever process of its directory still runs. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  apiUrl,
  connected,
  freshDirectory,
  LOOPBACK_VARIABLES,
  type RunningCommand,
  runForJson,
  startCommand,
} from "../support/command.ts";
import { startReceiver } from "../support/receiver.ts";
import { until } from "../support/until.ts";

const note = async (directory: string): Promise<{ url: string; pid: number }> =>
  JSON.parse(await readFile(join(directory, "redis.json"), "utf8"));

const isReady = async (url: string): Promise<boolean> => (await fetch(`${url}/readyz`)).status === 200;

const restarts = (service: RunningCommand) =>
  service.log().filter(({ notice }) => String(notice).startsWith("the embedded Redis had ended"));

describe("an embedded Redis that is killed", () => {
  it("is started again with its data, each time with one line of the log, and the service goes on", async () => {
    await using directory = await freshDirectory();
    await using receiver = await startReceiver();
    const variables = { ...LOOPBACK_VARIABLES, HOOKWAVE_DATA_DIR: directory.path };
    await using service = startCommand(["start"], variables);
    await connected(service);
    const api = { HOOKWAVE_URL: await apiUrl(service) };
    await runForJson(["endpoints", "add", receiver.url], api);
    await runForJson(["publish", "invoice.paid", "{}"], api);
    await receiver.received(1);

    for (const kills of [1, 2]) {
      const before = await note(directory.path);
      process.kill(before.pid, "SIGKILL");
      await until("another one runs", async () => (await note(directory.path)).pid !== before.pid);
      expect((await note(directory.path)).url).toBe(before.url);
      await until("it is ready again", () => isReady(api.HOOKWAVE_URL));
      await runForJson(["publish", "invoice.paid", "{}"], api);
      await receiver.received(1 + kills);
      await until("its log has it", () => restarts(service).length === kills);
      expect(restarts(service).at(-1)).toMatchObject({ level: "warn", detail: { end: "SIGKILL" } });
    }

    const { pid } = await note(directory.path);
    service.signal("SIGTERM");
    expect(await service.ended()).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  it("is started again by a process that had found it, also where its own was stopped with it", async () => {
    await using directory = await freshDirectory();
    const variables = { HOOKWAVE_DATA_DIR: directory.path };
    await using owner = startCommand(["start"], variables);
    await connected(owner);
    await using other = startCommand(["start"], variables);
    await connected(other);
    const before = await note(directory.path);

    owner.signal("SIGTERM");
    expect(await owner.ended()).toBe(0);
    await until("its log has it", () => restarts(other).length === 1);
    await until("it is ready again", async () => isReady(await apiUrl(other)));
    expect((await note(directory.path)).url).toBe(before.url);
  });
});
