/** `hookwave doctor` of what lies in Redis: workers, jobs, secrets, and the file of the key. */
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { VERSION } from "../../src/wire/version.ts";
import { askDoctorOn, nobodysUrl } from "../support/doctor.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";

const opened: Redis[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.disconnect();
});

function adminOf({ url }: TestRedis): Redis {
  const admin = new Redis(url);
  opened.push(admin);
  return admin;
}

describe("of the work", () => {
  it("it says that no worker is there, and what lies in the queues that nobody of ours wrote", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { role: "api" });
    const events = new Queue("events", { connection: adminOf(redis), prefix: "{hookwave}" });
    await events.add("any", { no: "event" });
    await events.add("any", { type: "thing.made", data: {} }, { jobId: "paused" });
    await hookwave.publish({ type: "thing.made", data: {} });

    const { of } = await askDoctorOn(redis);

    expect(of("workers")).toMatchObject([
      { level: "broken", remedy: expect.stringContaining("--role worker") },
    ]);
    const [alien] = of("jobs.alien");
    expect(alien).toMatchObject({ level: "warning", seen: expect.stringContaining('the id "paused"') });
    expect(alien?.seen).toMatch(/^2 entries .*job "1": /);
    await events.close();
  });

  it("it says which jobs nobody holds, which queue is paused, and that one is overdue", async () => {
    await using redis = await startRedis();
    const admin = adminOf(redis);
    const events = new Queue("events", { connection: admin, prefix: "{hookwave}" });
    const job = await events.add("any", { type: "thing.made", data: {} }, { timestamp: Date.now() - 90_000 });
    await events.add("any", { type: "thing.made", data: {} }, { timestamp: Date.now() - 90_000 });
    await admin.lmove(events.toKey("wait"), events.toKey("active"), "RIGHT", "LEFT");
    await events.pause();

    const { of } = await askDoctorOn(redis);

    expect(of("jobs.stuck")).toMatchObject([
      { level: "warning", seen: expect.stringMatching(new RegExp(`^1 job in work .*: ${job.id}$`)) },
    ]);
    expect(of("queues").map(({ level, seen }) => [level, seen])).toEqual([
      ["broken", expect.stringMatching(/overdue by \d\d+ s/)],
      ["broken", expect.stringContaining("the queue events is paused")],
    ]);
    await events.close();
  });

  it("it says that versions are mixed, and that the key opens no secrets", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "mine", url: await nobodysUrl() });
    const [seconds] = await adminOf(redis).time();
    await adminOf(redis).zadd("{hookwave}:workers", Number(seconds) * 1_000, "0.0.1 wk_old");

    const { of } = await askDoctorOn(redis, {
      HOOKWAVE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
    });

    expect(of("workers.version")).toMatchObject([
      { level: "warning", seen: expect.stringContaining(`1 × 0.0.1, 1 × ${VERSION}`) },
    ]);
    expect(of("secrets")).toMatchObject([{ level: "broken", seen: expect.stringContaining("mine") }]);
    // Without its key all of it can be looked at but whether that opens them.
    const keyless = await askDoctorOn(redis, { HOOKWAVE_DATA_DIR: join(redis.dataDir, "elsewhere") });
    expect(keyless.of("secrets")).toMatchObject([{ level: "warning" }]);
    expect(keyless.of("endpoint")).toMatchObject([
      { level: "broken", seen: expect.stringContaining("ECONNREFUSED") },
    ]);
  });

  it("it says that others can read the key's file", async () => {
    await using redis = await startRedis();
    await using _hookwave = await startHookwave(redis, { role: "api" });
    expect((await askDoctorOn(redis)).of("key_file")).toMatchObject([{ level: "ok" }]);
    await chmod(join(redis.dataDir, "encryption.key"), 0o644);
    expect((await askDoctorOn(redis)).of("key_file")).toMatchObject([
      { level: "warning", remedy: expect.stringMatching(/^chmod 600 .*encryption\.key/) },
    ]);
  });
});
