/** `hookwave doctor`: of an installation that is well, and where it is asked. */
import { describe, expect, it } from "vitest";
import { VERSION } from "../../src/wire/version.ts";
import { startApi } from "../support/api.ts";
import { LOOPBACK_VARIABLES, runCommand } from "../support/command.ts";
import { askDoctor, askDoctorOn, nobodysUrl } from "../support/doctor.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";

describe("of an installation that is well", () => {
  it("it says of each check what was seen, asked of the service, and ends with 0", async () => {
    await using redis = await startRedis("--maxmemory", "1gb");
    const settings = {
      requireAof: true,
      encryptionKey: Buffer.alloc(32, 1),
      apiKey: "k".repeat(32),
      shutdownGraceMs: 20_000,
    };
    await using hookwave = await startHookwave(redis, settings);
    await using receiver = await startReceiver();
    await hookwave.endpoints.add({ id: "mine", url: receiver.url });
    await using api = await startApi(hookwave);
    const variables = { HOOKWAVE_URL: api.url, HOOKWAVE_API_KEY: "k".repeat(32) };

    const found = await askDoctor([], variables);

    // A machine that is busy with other tests may answer late.
    const bad = found.findings.filter(({ level, check }) => level !== "ok" && check !== "redis.latency");
    expect(bad).toEqual([]);
    expect(found.seenFrom).toBe(`the service at ${api.url}`);
    expect(found.of("api")).toMatchObject([{ seen: `${api.url} answers, version ${VERSION}` }]);
    expect(found.of("workers.version")).toMatchObject([{ seen: `1 × ${VERSION}` }]);
    expect(found.of("redis.aof")).toMatchObject([{ seen: "append-only file on, fsync everysec" }]);
    expect(found.of("endpoint")).toMatchObject([{ seen: expect.stringContaining("(mine): can be reached") }]);
    expect(receiver.ids()).toEqual([]);

    const { stdout, code } = await runCommand(["doctor", "--endpoint", "mine"], variables);
    expect(stdout).toMatch(/^✓ api +http/);
    expect(stdout).toMatch(/^✓ redis\.eviction +noeviction/m);
    // Redis may answer late this time and have been quick before, or the other way round.
    expect(stdout).not.toMatch(/^[!✗] (?!redis\.latency)/m);
    expect(code).toBe(/^! redis\.latency/m.test(stdout) ? 1 : 0);
  });
});

describe("where it is asked", () => {
  it("a service that does not answer is a finding, and it looks from here", async () => {
    await using redis = await startRedis();
    const { of, code, seenFrom } = await askDoctor([], {
      REDIS_URL: redis.url,
      HOOKWAVE_DATA_DIR: redis.dataDir,
    });
    expect(of("api")).toMatchObject([{ level: "broken", seen: expect.stringContaining("ECONNREFUSED") }]);
    expect(of("redis.version")).toHaveLength(1);
    expect(seenFrom).toBe(`here, on ${redis.url}`);
    expect(code).toBe(2);
  });

  it("a service that refuses the key is there, and nothing more is known of it", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, { apiKey: "k".repeat(32) });
    await using api = await startApi(hookwave);
    const { token } = await hookwave.keys.create({ name: "reader", roles: ["read"] });
    const { of } = await askDoctor([], { HOOKWAVE_URL: api.url, HOOKWAVE_API_KEY: token });
    expect(of("api")).toMatchObject([{ level: "warning", seen: expect.stringContaining("role admin") }]);
    expect(of("redis.connection")).toMatchObject([
      { level: "broken", seen: expect.stringContaining("not looked at") },
    ]);
  });

  it("settings that a service would refuse are findings, and the rest is looked at", async () => {
    await using redis = await startRedis();
    const variables = { WEBHOOK_TIMEOUT: "soon", HOOKWAVE_APIKEY: "hush-hush" };
    const { of, findings, code } = await askDoctorOn(redis, variables);
    expect(of("settings.invalid")).toMatchObject([
      { level: "broken", seen: expect.stringContaining("WEBHOOK_TIMEOUT") },
    ]);
    expect(of("settings.unknown")).toMatchObject([
      { level: "warning", seen: expect.stringContaining("did you mean HOOKWAVE_API_KEY?") },
    ]);
    expect(of("redis.version")).toHaveLength(1);
    expect(JSON.stringify(findings)).not.toContain("hush-hush");
    expect(code).toBe(2);
  });

  it("an endpoint that is none is an error, with and without the service", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await using api = await startApi(hookwave);
    const words = ["doctor", "--endpoint", "none", "--json"];
    for (const where of [
      ["--api", api.url],
      ["--redis", redis.url],
    ]) {
      const { code, stderr } = await runCommand([...words, ...where], { HOOKWAVE_DATA_DIR: redis.dataDir });
      expect(JSON.parse(stderr)).toMatchObject({ error: { code: "ENDPOINT_UNKNOWN" } });
      expect(code).toBe(1);
    }
  });

  it("one that is switched off is looked at where it is named, and not otherwise", async () => {
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ id: "off", url: await nobodysUrl() });
    await hookwave.endpoints.disable("off");
    expect((await askDoctorOn(redis)).of("endpoint")).toEqual([]);
    const named = await askDoctor(["--redis", redis.url, "--endpoint", "off"], {
      HOOKWAVE_DATA_DIR: redis.dataDir,
      ...LOOPBACK_VARIABLES,
    });
    expect(named.of("endpoint")).toMatchObject([{ level: "broken" }]);
  });
});
