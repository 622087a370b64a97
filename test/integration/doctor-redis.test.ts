/** `hookwave doctor` of real servers that are set so that they lose what was accepted, or cannot be used. */
import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { askDoctor, askDoctorOn } from "../support/doctor.ts";
import { startRedis, type TestRedis } from "../support/service.ts";

const opened: Redis[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.disconnect();
});

function adminOf({ url }: TestRedis): Redis {
  const admin = new Redis(url);
  opened.push(admin);
  return admin;
}

describe("of a Redis that is not well", () => {
  it("it says that nothing is kept, that events are thrown away, and that there is no room", async () => {
    await using redis = await startRedis("--appendonly", "no", "--maxmemory-policy", "allkeys-lru");
    const admin = adminOf(redis);
    const used = Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);
    await admin.config("SET", "maxmemory", String(Math.round(used * 1.2)));

    const { of, code, level } = await askDoctorOn(redis);

    expect(of("redis.aof")).toMatchObject([
      { level: "warning", seen: expect.stringContaining("no append-only") },
    ]);
    expect(of("redis.eviction")).toMatchObject([
      {
        level: "broken",
        seen: expect.stringContaining("allkeys-lru"),
        remedy: expect.stringContaining("noeviction"),
      },
    ]);
    expect(of("redis.memory")[0]?.level).not.toBe("ok");
    expect({ code, level }).toEqual({ code: 2, level: "broken" });
    expect((await askDoctorOn(redis, { REQUIRE_AOF: "true" })).of("redis.aof")).toMatchObject([
      { level: "broken" },
    ]);
  });

  it("it says that it is a replica, and looks at the rest all the same", async () => {
    await using master = await startRedis("--repl-diskless-sync-delay", "0");
    await using replica = await startRedis("--replicaof", "127.0.0.1", new URL(master.url).port);

    const { of, code } = await askDoctorOn(replica);

    expect(of("redis.role")).toMatchObject([{ level: "broken", seen: expect.stringContaining("a replica") }]);
    expect(of("workers")).toMatchObject([{ level: "broken", seen: expect.stringContaining("no worker") }]);
    expect(code).toBe(2);
  });

  it("it says that its events are divided otherwise, or written by a newer version", async () => {
    await using redis = await startRedis();
    const inShards = await askDoctorOn(redis, { SHARDS: "3" });
    const admin = adminOf(redis);
    await admin.hset("{hookwave}:layout", { layout: 2, version: "0.9.0", shards: 3 });
    const divided = await askDoctorOn(redis);
    await admin.hset("{hookwave}:layout", { layout: 99, version: "9.9.9" });
    const newer = await askDoctorOn(redis, { SHARDS: "3" });

    expect(inShards.of("redis.layout")).toMatchObject([{ level: "ok" }]);
    expect(divided.of("redis.layout")).toMatchObject([
      { level: "broken", seen: expect.stringContaining("expected SHARDS=3") },
    ]);
    expect(newer.of("redis.layout")).toMatchObject([
      { level: "broken", seen: expect.stringContaining("layout 99, first written by Hookwave 9.9.9") },
    ]);
    expect(divided.code).toBe(2);
  });

  it("it says which durability it cannot give", async () => {
    await using redis = await startRedis();
    const replicated = await askDoctorOn(redis, { PUBLISH_DURABILITY: "replicated" });
    expect(replicated.of("durability")).toMatchObject([
      { level: "broken", seen: expect.stringContaining("wants 1 replica, and 0 connected") },
    ]);
    const admin = adminOf(redis);
    const [major = 0] = (/redis_version:([\d.]+)/.exec(await admin.info("server"))?.[1] ?? "")
      .split(".")
      .map(Number);
    const onDisk = await askDoctorOn(redis, { PUBLISH_DURABILITY: "fsync" });
    // Newer ones are taken at their word (docs/durability.md).
    expect(onDisk.of("durability")).toMatchObject([{ level: major >= 8 ? "ok" : "broken" }]);
  });

  it("it says why nobody can connect, without the password", async () => {
    await using redis = await startRedis();
    const admin = adminOf(redis);
    await admin.config("SET", "requirepass", "right");
    const { host } = new URL(redis.url);

    const wrong = await askDoctor([], { REDIS_URL: `redis://:hush-hush@${host}/3?password=hush-hush` });
    const none = await askDoctor([], { REDIS_URL: redis.url });
    const away = await askDoctor([], { REDIS_URL: "redis://:hush-hush@127.0.0.1:1" });
    await admin.config("SET", "requirepass", "");

    for (const [report, seen] of [
      [wrong, "WRONGPASS"],
      [none, "NOAUTH"],
      [away, "ECONNREFUSED"],
    ] as const) {
      expect(report.of("redis.connection")).toMatchObject([
        { level: "broken", seen: expect.stringContaining(seen) },
      ]);
      expect(report.code).toBe(2);
      expect(JSON.stringify([report.findings, report.seenFrom])).not.toContain("hush-hush");
    }
    expect(away.seenFrom).toBe("here, on redis://127.0.0.1:1");
  });

  it("a user who may not ask for its configuration leaves that unknown, and the rest known", async () => {
    await using redis = await startRedis();
    const admin = adminOf(redis);
    await admin.call("ACL", "SETUSER", "app", "on", ">pass", "~*", "&*", "+@all", "-config");
    const url = redis.url.replace("redis://", "redis://app:pass@");

    const { of } = await askDoctor(["--redis", url], { HOOKWAVE_DATA_DIR: redis.dataDir });
    await admin.call("ACL", "DELUSER", "app");

    expect(of("redis.aof")).toMatchObject([
      { level: "ok", seen: expect.stringContaining("appendfsync not told") },
    ]);
    expect(of("redis.eviction")).toMatchObject([{ level: "ok" }]);
  });
});
