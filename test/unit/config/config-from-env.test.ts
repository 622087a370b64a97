/** Options of an embedded service out of the environment: the same table, the same checks, the variables' names. */
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALL_SETTINGS, ANYTHING, optionProblems } from "../../../src/config/options.ts";
import { configFromEnv, type HookwaveOptions } from "../../../src/index.ts";

const KEY = Buffer.alloc(32, 7);
const NAMES = { settings: ALL_SETTINGS, others: { warnings: ANYTHING, unheededProxies: ANYTHING } };

describe("configFromEnv", () => {
  it("has what the environment names, read as the service reads it, and no default", () => {
    const options = configFromEnv({
      REDIS_URL: "rediss://h:1",
      HOOKWAVE_ENCRYPTION_KEY: KEY.toString("base64"),
      WEBHOOK_TIMEOUT: "30s",
      ALLOW_PRIVATE_NETWORKS: "10.0.0.0/8,fd00::/8",
      API_DOCS: "",
      PATH: "/bin",
    });
    expect(options).toEqual({
      redisUrl: "rediss://h:1",
      encryptionKey: KEY,
      webhookTimeoutMs: 30_000,
      allowPrivateNetworks: ["10.0.0.0/8", "fd00::/8"],
      warnings: [],
      unheededProxies: [],
    });
    expect(optionProblems(options, NAMES)).toEqual([]);
  });

  it("is what createHookwave takes, with more beside it", () => {
    const options = {
      ...configFromEnv({}),
      redisUrl: "redis://h:1",
      logger: false,
    } satisfies HookwaveOptions;
    expect(options).toMatchObject({ redisUrl: "redis://h:1", logger: false });
  });

  it("reads secrets from files, and hands on what it warns of", () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), "hookwave-env-"));
    const file = join(folder.path, "key");
    writeFileSync(file, `${KEY.toString("base64")}\n`);
    const options = configFromEnv({ HOOKWAVE_ENCRYPTION_KEY_FILE: file, WEBHOOK_TIMEOT: "3" });
    expect(options.encryptionKey).toEqual(KEY);
    expect(options.warnings).toEqual([expect.stringContaining("WEBHOOK_TIMEOT")]);
  });

  it("says all that is wrong at once, under the variables' names, and shows no secret", () => {
    const read = () =>
      configFromEnv({
        REDIS_URL: "redis://:hush-hush#@h",
        WORKER_CONCURRENCY: "-3",
        WEBHOOK_URL: "https://h/",
      });
    expect(read).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    for (const said of [
      "REDIS_URL: expected",
      "WORKER_CONCURRENCY: expected a whole number",
      "WEBHOOK_SECRET: expected",
    ])
      expect(read).toThrow(said);
    expect(read).not.toThrow("hush-hush");
  });

  it("reads the process' environment unless it is given another", () => {
    process.env["HOLD_MAX_AGE"] = "2h";
    try {
      expect(configFromEnv().holdMaxAgeMs).toBe(7_200_000);
    } finally {
      delete process.env["HOLD_MAX_AGE"];
    }
  });
});
