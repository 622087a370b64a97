/** One data directory has one server, whoever starts it and whatever was left behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startEmbeddedRedis } from "../../src/store/embedded-redis.ts";
import { freshDirectory } from "../support/command.ts";
import { startRedis } from "../support/service.ts";

const searchPath = process.env["PATH"] ?? "";

describe("the embedded Redis", () => {
  it("is one server for all who start it on one directory at once, and belongs to one of them", async () => {
    await using directory = await freshDirectory();
    const start = () => startEmbeddedRedis({ dataDir: directory.path, searchPath });
    const started = await Promise.all([start(), start(), start()]);
    try {
      expect(new Set(started.map(({ url }) => url)).size).toBe(1);
      expect(started.filter(({ isOurs }) => isOurs)).toHaveLength(1);
      expect((await readdir(directory.path)).filter((name) => name.includes("lock"))).toEqual([]);
    } finally {
      await Promise.all(started.map(({ stop }) => stop()));
    }
    expect(await readdir(directory.path)).not.toContain("redis.json");
  });

  it("starts although a process was killed while it started one", async () => {
    await using directory = await freshDirectory();
    const killed = spawn(process.execPath, ["-e", ""]);
    await once(killed, "exit");
    await writeFile(join(directory.path, "redis.lock"), String(killed.pid));
    const start = () => startEmbeddedRedis({ dataDir: directory.path, searchPath });
    const started = await Promise.all([start(), start()]);
    try {
      expect(started.filter(({ isOurs }) => isOurs)).toHaveLength(1);
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
      expect(own.isOurs).toBe(true);
      expect(own.url).not.toBe(stranger.url);
    } finally {
      await own.stop();
    }
  });
});
