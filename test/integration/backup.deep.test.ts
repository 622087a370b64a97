/** The rehearsal of docs/backup.md: a backup under load, a restore on another Redis, and what is sent then. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { untilIdle, untilStatus } from "../support/deliveries.ts";
import { asking } from "../support/idle-redis.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const HOUR_MS = 3_600_000;
const SCRIPT = fileURLToPath(new URL("../../deploy/backup.sh", import.meta.url));

const freshDirectory = async () => {
  const path = await mkdtemp(join(tmpdir(), "hookwave-backup-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

async function backUp(
  { url, dataDir }: Pick<TestRedis, "url" | "dataDir">,
  target: string,
  variables: Readonly<Record<string, string>> = {},
) {
  const child = spawn("sh", [SCRIPT, dataDir, target], {
    env: { ...process.env, REDIS_CLI: `redis-cli -u ${url}`, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  return { code: child.exitCode, stdout, stderr };
}

/** A server on a copy, as docs/backup.md has it started; its files are gone with it. */
async function startOn(copy: string, ...serverArgs: readonly string[]) {
  const dataDir = await mkdtemp(join(tmpdir(), "hookwave-restored-"));
  await cp(copy, dataDir, { recursive: true });
  const server = await startEmbeddedRedis({ dataDir, searchPath: process.env["PATH"] ?? "", serverArgs });
  const dispose = async (): Promise<void> => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...server, dataDir, [Symbol.asyncDispose]: dispose };
}

const publish = (hookwave: TestHookwave, ids: readonly string[], type: string) =>
  hookwave.publishMany(ids.map((id) => ({ id, type, data: {} })));
const numbered = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${what}_${n}`);

/** Publishes one after the other until it is told to stop; resolves with the ids that were acknowledged. */
function publishOnAndOn(hookwave: TestHookwave, type: string) {
  const acknowledged: string[] = [];
  let goesOn = true;
  const run = async (): Promise<void> => {
    for (let n = 0; goesOn; n += 1) {
      const id = `load_${n}`;
      await hookwave.publish({ id, type, data: {} });
      acknowledged.push(id);
    }
  };
  const running = run();
  const stop = async (): Promise<void> => {
    goesOn = false;
    await running;
  };
  return { acknowledged, stop, [Symbol.asyncDispose]: stop };
}

interface Receivers {
  readonly well: Receiver;
  /** Never answers: what goes there is under way, and the rest held behind it. */
  readonly hanging: Receiver;
  readonly ill: Receiver;
  readonly hopeless: Receiver;
}

const finished = numbered("finished", 30);
const owed = numbered("owed", 40);

async function everyStateIsThere(
  old: TestHookwave,
  worker: TestHookwave,
  receivers: Receivers,
): Promise<void> {
  const [well, hanging, ill, hopeless] = ["well", "hanging", "ill", "hopeless"] as const;
  for (const endpoint of [
    { id: well },
    { id: hanging, maxInFlight: 1 },
    { id: ill, retrySchedule: [HOUR_MS] },
    { id: hopeless, retrySchedule: [] },
  ])
    await old.endpoints.add({ ...endpoint, url: receivers[endpoint.id].url, events: [`of.${endpoint.id}`] });
  await publish(old, finished, "of.well");
  await publish(old, ["refused"], "of.ill");
  await publish(old, ["buried"], "of.hopeless");
  await publish(old, owed, "of.hanging");
  for (const id of finished) await untilStatus(old, `${id}.well`, "delivered");
  await untilStatus(old, "refused.ill", "retrying");
  await untilStatus(old, "buried.hopeless", "buried");
  await receivers.hanging.received(1);
  await until("others are held", () => worker.happenings.some(({ kind }) => kind === "delivery.held"));
}

/** A service in full work, backed up to `copy` meanwhile; resolves, when all of it is gone, with what it must still know. */
async function workAndBackUp(encryptionKey: Buffer, receivers: Receivers, copy: string) {
  await using server = await startRedis();
  await using old = await startHookwave(server, { role: "api", encryptionKey });
  const patient = { encryptionKey, webhookTimeoutMs: 60_000 };
  await using worker = await startHookwave(server, { ...patient, role: "worker" });
  await everyStateIsThere(old, worker, receivers);

  await using load = publishOnAndOn(old, "of.well");
  await until("there is load", () => load.acknowledged.length > 50);
  const acknowledged = [...load.acknowledged];
  expect(await backUp(server, copy)).toMatchObject({ code: 0, stderr: "" });
  await load.stop();
  await publish(old, ["later"], "of.well");
  await until("what came later is delivered", () => receivers.well.ids().includes("later"));
  return acknowledged;
}

describe("a restore of what was backed up under load", () => {
  it("sends what was acknowledged and not finished, repeats nothing that was, and knows nothing later", async () => {
    const encryptionKey = randomBytes(32);
    await using folder = await freshDirectory();
    await using well = await startReceiver();
    await using hanging = await startReceiver(() => undefined);
    await using ill = await startReceiver(500);
    await using hopeless = await startReceiver(500);
    const copy = join(folder.path, "today");
    const acknowledged = await workAndBackUp(encryptionKey, { well, hanging, ill, hopeless }, copy);

    const seenBefore = well.ids();
    const underway = hanging.ids();
    for (const receiver of [hanging, ill, hopeless]) receiver.replies(200);
    await using restored = await startOn(copy);
    await using now = await startHookwave(restored, { encryptionKey });
    await now.deliveries.retry("refused.ill");
    await untilIdle(now);

    const sent = well.ids().slice(seenBefore.length);
    expect(sent.filter((id) => finished.includes(id))).toEqual([]);
    expect(sent.filter((id, at) => sent.indexOf(id) !== at)).toEqual([]);
    expect(sent).not.toContain("later");
    await expect(now.events.get("later")).rejects.toMatchObject({ code: "EVENT_UNKNOWN" });
    for (const id of acknowledged) {
      expect((await now.deliveries.get(`${id}.well`)).state.status, id).toBe("delivered");
      expect([...seenBefore, ...sent]).toContain(id);
    }
    expect(hanging.ids().slice(underway.length).toSorted()).toEqual(owed.toSorted());
    expect(ill.ids()).toEqual(["refused", "refused"]);
    expect(hopeless.ids()).toEqual(["buried"]);
    expect((await now.queueCounts()).dead.depth).toBe(1);
  }, 120_000);
});

describe("a restore", () => {
  it("is refused with another key, and without any, and says whose secrets cannot be read", async () => {
    await using folder = await freshDirectory();
    await using before = await startRedis();
    await using old = await startHookwave(before, { role: "api", encryptionKey: randomBytes(32) });
    await old.endpoints.add({ id: "sealed", url: "http://127.0.0.1:3000/" });
    expect(await backUp(before, join(folder.path, "today"))).toMatchObject({ code: 0 });

    await using restored = await startOn(join(folder.path, "today"));
    for (const encryptionKey of [randomBytes(32), null])
      await expect(startHookwave(restored, { encryptionKey })).rejects.toMatchObject({
        code: "SECRET_UNREADABLE",
        message: expect.stringMatching(/sealed.*HOOKWAVE_ENCRYPTION_KEY/),
      });
  });

  it("of a snapshot has all of it where the append-only file is begun anew, and nothing where one is asked for", async () => {
    await using folder = await freshDirectory();
    await using before = await startRedis();
    await asking(before.url, async (redis) => {
      await redis.set("kept", "yes");
      await redis.save();
    });
    await cp(join(before.dataDir, "dump.rdb"), join(folder.path, "dump.rdb"));

    await using empty = await startOn(folder.path);
    expect(await asking(empty.url, (redis) => redis.dbsize())).toBe(0);

    await using restored = await startOn(folder.path, "--appendonly", "no");
    await asking(restored.url, async (redis) => {
      await redis.config("SET", "appendonly", "yes");
      await until("it is rewritten", async () =>
        /aof_rewrite_in_progress:0/.test(await redis.info("persistence")),
      );
    });
    await using again = await startOn(restored.dataDir);
    expect(await asking(again.url, (redis) => redis.get("kept"))).toBe("yes");
  });
});

describe("deploy/backup.sh", () => {
  const percentage = (redis: Redis) => redis.config("GET", "auto-aof-rewrite-percentage");

  it("leaves nothing half done: no copy, and rewrites are allowed again, whatever came between", async () => {
    await using folder = await freshDirectory();
    await using server = await startRedis();
    const bin = join(folder.path, "bin");
    await mkdir(bin);
    const rewrite = `redis-cli -u ${server.url} bgrewriteaof; until ls ${server.dataDir}/appendonlydir/*.2.base.rdb; do :; done`;
    await writeFile(join(bin, "cp"), `#!/bin/sh\n/bin/cp "$@"; (${rewrite}) >/dev/null 2>&1\n`, {
      mode: 0o755,
    });
    await asking(server.url, (redis) => redis.config("SET", "auto-aof-rewrite-percentage", "77"));

    const path = `${bin}:${process.env["PATH"]}`;
    const { code, stderr } = await backUp(server, join(folder.path, "today"), { PATH: path });

    expect(stderr).toContain("got a rewrite meanwhile; begin again");
    expect(code).toBe(1);
    expect(await readdir(folder.path)).toEqual(["bin"]);
    expect(await asking(server.url, percentage)).toEqual(["auto-aof-rewrite-percentage", "77"]);
  });

  it("says what is missing: a server, its append-only file, its directory, a free target", async () => {
    await using folder = await freshDirectory();
    await using server = await startRedis();
    const target = join(folder.path, "today");
    const nowhere = await backUp(server, target, { REDIS_CLI: "redis-cli -p 1" });
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining("set REDIS_CLI") });
    const elsewhere = await backUp({ ...server, dataDir: folder.path }, target);
    expect(elsewhere.stderr).toContain("name the server's own dir");
    expect((await backUp(server, folder.path)).stderr).toContain("name another");
    await asking(server.url, (redis) => redis.config("SET", "appendonly", "no"));
    expect((await backUp(server, target)).stderr).toContain("save a snapshot instead");
    expect(await readdir(folder.path)).toEqual([]);
  });
});
