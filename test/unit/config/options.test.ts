/** Options of a program: each form takes what it reads, and nothing that a variable could not say. */
import { describe, expect, it } from "vitest";
import { createHookwave } from "../../../src/app/embedded.ts";
import { createPublisher } from "../../../src/app/publishing.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { ALL_SETTINGS, optionProblems } from "../../../src/config/options.ts";
import { SETTINGS } from "../../../src/config/settings.ts";

const names = { settings: ALL_SETTINGS };
const redisUrl = "redis://127.0.0.1:1";

/** One good text of each setting that has no default. */
const EXAMPLES: Readonly<Record<string, string>> = {
  REDIS_URL: "redis://h:1",
  LEGACY_REDIS_URL: "rediss://h:1/2",
  WEBHOOK_URL: "https://example.com/",
  HOOKWAVE_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString("base64"),
  ALLOW_PRIVATE_NETWORKS: "10.0.0.0/8,fd00::/8",
  REDIS_FALLBACK_PERCENT: "model.registered=10,*=50",
  OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%2Cb,tenant=t",
};

describe("an option", () => {
  it.each(SETTINGS.map((one) => [one.key, one] as const))(
    "%s takes what its variable reads",
    (key, setting) => {
      const text = EXAMPLES[setting.variable] ?? setting.default;
      if (text === null) return;
      const more = setting.variable === "WEBHOOK_URL" ? { WEBHOOK_SECRET: "s" } : {};
      const value: unknown = Reflect.get(readEnvironment({ ...more, [setting.variable]: text }), key);
      expect(optionProblems({ [key]: value }, names)).toEqual([]);
    },
  );

  it.each(SETTINGS.map(({ key }) => key))("%s takes no value of another kind", (key) => {
    for (const strange of [Symbol("s"), () => 1, { strange: {} }, Number.NaN, 10n ** 20n])
      expect(optionProblems({ [key]: strange }, names), String(strange)).toHaveLength(1);
  });

  it("counts undefined as not given, and null as the value of one that may be absent", () => {
    expect(optionProblems({ port: undefined, webhookUrl: null }, names)).toEqual([]);
    expect(optionProblems({ port: null }, names)).toHaveLength(1);
  });
});

describe("createHookwave", () => {
  it("says all that is wrong at once, under the options' names, and shows no secret", async () => {
    const options = {
      redisUrl: "redis://:hush-hush#@h",
      shutdownGraceMs: "3d",
      workerConcurency: 10,
      breakerFailureThreshold: -3,
      encryptionKey: "hush-hush",
      allowPrivateNetworks: "10.0.0.0/8",
      listeners: [1],
    };
    const error = await createHookwave(Object(options)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    const said = String(error);
    expect(said).toContain("got 7 that cannot work");
    expect(said).toContain('shutdownGraceMs: expected whole milliseconds from 0 to 600000, got "3d"');
    expect(said).toContain(
      "workerConcurency: expected an option that there is, got an unknown one; did you mean workerConcurrency?",
    );
    expect(said).toContain("breakerFailureThreshold: expected a whole number from 1 to 10000, got -3");
    expect(said).toContain("encryptionKey: expected a Buffer of 32 bytes");
    expect(said).toContain("allowPrivateNetworks: expected a list of at most 100 networks");
    expect(said).toContain("listeners: expected a list of functions, got a list");
    expect(said).not.toContain("hush-hush");
  });

  it.each([[undefined], [null], [{}], [{ redisUrl: undefined }]])(
    "refuses %j: it needs a Redis",
    async (options) => {
      await expect(createHookwave(Object(options))).rejects.toThrow("redisUrl: expected a URL like redis://");
    },
  );
});

describe("createPublisher", () => {
  it("says all that is wrong at once, also with its bus", () => {
    const options = {
      prefix: "hookwave",
      durability: "disk",
      replicasMin: 0,
      port: 8420,
      traces: "yes",
      bus: { legacyRedisList: 7, legacyRedisLst: "x", port: 1 },
    };
    const create = () => createPublisher(Object(options));
    for (const problem of [
      "redisUrl: expected a URL like redis://",
      "prefix: expected a key prefix with a hash tag",
      "durability: expected one of redis, replicated, fsync",
      "replicasMin: expected a whole number from 1 to 100, got 0",
      "port: expected an option that there is",
      "traces: expected true or false",
      "bus.legacyRedisList: expected",
      "bus.legacyRedisLst: expected an option that there is, got an unknown one; did you mean legacyRedisList?",
      "bus.port: expected an option that there is",
    ])
      expect(create).toThrow(problem);
    expect(() => createPublisher(Object({ redisUrl, bus: "x" }))).toThrow("bus: expected an object");
  });
});
