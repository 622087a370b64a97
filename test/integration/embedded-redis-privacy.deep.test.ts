/** What an embedded Redis keeps is its user's alone: other users of the machine read nothing of it, and may not connect. */
import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { connected, freshDirectory, runForJson, startCommand } from "../support/command.ts";

const searchPath = process.env["PATH"] ?? "";
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** Each file and folder with its mode, the directory itself first. */
async function modesIn(directory: string): Promise<readonly string[]> {
  const names = ["", ...(await readdir(directory, { recursive: true })).sort()];
  return await Promise.all(
    names.map(async (name) => `${name} ${((await stat(join(directory, name))).mode & 0o777).toString(8)}`),
  );
}

const openToOthers = (modes: readonly string[]) => modes.filter((mode) => !/ [67]00$/.test(mode));

/** A directory in one that everybody may read. */
async function openDirectory() {
  const directory = await freshDirectory();
  await chmod(directory.path, 0o755);
  return directory;
}

describe("an embedded Redis", () => {
  it("lets nobody else read its directory, and nobody connect without the password that is there", async () => {
    await using directory = await openDirectory();
    const dataDir = join(directory.path, "data");
    await using service = startCommand(["start"], { HOOKWAVE_DATA_DIR: dataDir });
    await connected(service);

    const modes = await modesIn(dataDir);
    expect(modes.filter((mode) => mode.startsWith("appendonlydir/")).length).toBeGreaterThan(1);
    expect(openToOthers(modes)).toEqual([]);
    const { url, pid } = JSON.parse(await readFile(join(dataDir, "redis.json"), "utf8"));
    const stranger = new Redis({
      port: Number(new URL(url).port),
      lazyConnect: true,
      enableReadyCheck: false,
    });
    stranger.on("error", () => undefined);
    await expect(stranger.get("any")).rejects.toThrow("NOAUTH");
    stranger.disconnect();

    const { password } = new URL(url);
    expect(password.length).toBeGreaterThanOrEqual(32);
    expect(service.stdout() + service.stderr()).not.toContain(password);
    const words = spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" }).stdout;
    expect(words).toContain("redis");
    expect(words).not.toContain(password);
    // The line to copy for a developer's own client.
    expect(await runForJson(["status", "--redis", url], { HOOKWAVE_DATA_DIR: dataDir })).toBeDefined();
  });

  it.runIf(isRoot)("is closed to another user of the machine", async () => {
    await using directory = await openDirectory();
    const dataDir = join(directory.path, "data");
    const redis = await startEmbeddedRedis({ dataDir, searchPath, password: "hush-hush" });
    try {
      const as = (uid: number, ...words: readonly string[]) =>
        spawnSync("sh", ["-c", words.join(" ")], { uid, gid: uid, cwd: "/", encoding: "utf8" });
      for (const words of [`ls ${dataDir}`, `cat ${dataDir}/redis.json`, `cat ${dataDir}/appendonlydir/*`]) {
        expect(as(0, words)).toMatchObject({ status: 0 });
        expect(as(NOBODY, words)).toMatchObject({ status: expect.any(Number), stdout: "" });
        expect(as(NOBODY, words).stderr).toContain("Permission denied");
      }
    } finally {
      await redis.stop();
    }
  });

  it("closes what an older version has left open, and leaves alone what is not its own", async () => {
    await using directory = await openDirectory();
    const dataDir = join(directory.path, "data");
    await mkdir(dataDir);
    const start = () => startEmbeddedRedis({ dataDir, searchPath });
    await (await start()).stop();
    for (const name of ["", ...(await readdir(dataDir, { recursive: true }))])
      await chmod(join(dataDir, name), name === "" || name === "appendonlydir" ? 0o755 : 0o644);
    await (await start()).stop();
    expect(openToOthers(await modesIn(dataDir))).toEqual([]);

    await writeFile(join(dataDir, "of-mine.txt"), "");
    for (const name of ["", "of-mine.txt", "redis.log"]) await chmod(join(dataDir, name), 0o755);
    await (await start()).stop();
    expect(openToOthers(await modesIn(dataDir))).toEqual([" 755", "of-mine.txt 755"]);
  });
});
