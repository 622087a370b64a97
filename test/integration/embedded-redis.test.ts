/** One data directory has one server, whoever starts it and whatever was left behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { findEmbeddedRedis, startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { freshDirectory } from "../support/command.ts";
import { keptPort } from "../support/kept-port.ts";
import { startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const searchPath = process.env["PATH"] ?? "";

describe("the embedded Redis", () => {
  it("is one server for all who start it on one directory at once, and belongs to one of them", async () => {
    await using directory = await freshDirectory();
    const start = () => startEmbeddedRedis({ dataDir: directory.path, searchPath });
    const started = await Promise.all([start(), start(), start()]);
    try {
      expect(new Set(started.map(({ url }) => url)).size).toBe(1);
      expect(started.filter(({ isStartedHere }) => isStartedHere)).toHaveLength(1);
      expect((await readdir(directory.path)).filter((name) => name.includes("lock"))).toEqual([]);
    } finally {
      await Promise.all(started.map(({ stop }) => stop()));
    }
    expect(await readdir(directory.path)).not.toContain("redis.json");
  });

  it("takes the port that is preferred, and another one where that is taken", async () => {
    await using one = await freshDirectory();
    await using other = await freshDirectory();
    const preferredPort = await keptPort();
    const first = await startEmbeddedRedis({ dataDir: one.path, searchPath, preferredPort });
    const second = await startEmbeddedRedis({ dataDir: other.path, searchPath, preferredPort });
    try {
      expect(new URL(first.url).port).toBe(String(preferredPort));
      expect(new URL(second.url).port).not.toBe(String(preferredPort));
      expect(await findEmbeddedRedis(one.path)).toBe(first.url);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
    expect(await findEmbeddedRedis(one.path)).toBeNull();
  });

  it("never takes the server of another directory for its own, whose port it was to have", async () => {
    await using one = await freshDirectory();
    await using other = await freshDirectory();
    const first = await startEmbeddedRedis({ dataDir: one.path, searchPath });
    try {
      const port = Number(new URL(first.url).port);
      await expect(startEmbeddedRedis({ dataDir: other.path, searchPath, port })).rejects.toMatchObject({
        code: "REDIS_MISSING",
      });
    } finally {
      await first.stop();
    }
  });

  it("takes another port where somebody was faster", async () => {
    await using one = await freshDirectory();
    await using other = await freshDirectory();
    const first = await startEmbeddedRedis({ dataDir: one.path, searchPath });
    const taken = Number(new URL(first.url).port);
    const ports = [taken, taken, await keptPort()];
    const pickPort = async () => ports.shift() ?? 0;
    const second = await startEmbeddedRedis({ dataDir: other.path, searchPath, pickPort });
    try {
      expect(ports).toEqual([]);
      expect(await findEmbeddedRedis(other.path)).toBe(second.url);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });

  it("is there while it still loads what it has to, and is found by others then", async () => {
    await using directory = await freshDirectory();
    const start = (...serverArgs: readonly string[]) =>
      startEmbeddedRedis({ dataDir: directory.path, searchPath, serverArgs });
    const filled = await start("--appendonly", "no");
    const connection = new Redis(filled.url);
    await connection.mset(
      Object.fromEntries(Array.from({ length: 800 }, (_, n) => [`key:${n}`, "x".repeat(100)])),
    );
    await connection.config("SET", "appendonly", "yes");
    await until("its file is whole", async () =>
      (await connection.info("persistence")).includes("aof_rewrite_in_progress:0"),
    );
    connection.disconnect();
    await filled.stop();

    // 800 keys at 5 ms each: four seconds, of which nobody should have to wait.
    const slow = ["--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024"];
    const loading = await start(...slow);
    try {
      const found = await start();
      expect(found).toMatchObject({ url: loading.url, isStartedHere: false });
      const asking = new Redis(loading.url, { enableReadyCheck: false });
      await expect(asking.get("key:1")).rejects.toThrow("LOADING");
      asking.disconnect();
      const waiting = new Redis(loading.url, { maxRetriesPerRequest: null });
      expect(await waiting.get("key:1")).toHaveLength(100);
      waiting.disconnect();
    } finally {
      await loading.stop();
    }
  });

  it("starts although a process was killed while it started one", async () => {
    await using directory = await freshDirectory();
    const killed = spawn(process.execPath, ["-e", ""]);
    await once(killed, "exit");
    await writeFile(join(directory.path, "redis.lock"), String(killed.pid));
    const start = () => startEmbeddedRedis({ dataDir: directory.path, searchPath });
    const started = await Promise.all([start(), start()]);
    try {
      expect(started.filter(({ isStartedHere }) => isStartedHere)).toHaveLength(1);
    } finally {
      await Promise.all(started.map(({ stop }) => stop()));
    }
  });

  it("is not taken for another directory's server that has its port now", async () => {
    await using directory = await freshDirectory();
    await using stranger = await startRedis();
    const note = JSON.stringify({ url: stranger.url, pid: stranger.pid });
    await writeFile(join(directory.path, "redis.json"), note);
    const own = await startEmbeddedRedis({ dataDir: directory.path, searchPath });
    try {
      expect(own.isStartedHere).toBe(true);
      expect(own.url).not.toBe(stranger.url);
    } finally {
      await own.stop();
    }
  });
});
