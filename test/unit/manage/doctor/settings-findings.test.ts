import { describe, expect, it } from "vitest";
import { readEnvironment, surveyEnvironment } from "../../../../src/config/environment.ts";
import type { Environment } from "../../../../src/config/settings.ts";
import { exposureFindings, keyFileFinding } from "../../../../src/manage/doctor/exposure-findings.ts";
import type { Finding } from "../../../../src/manage/doctor/finding.ts";
import { environmentFindings, settingsFindings } from "../../../../src/manage/doctor/settings-findings.ts";

const KEY = Buffer.alloc(32, 1).toString("base64");
const OTHER = Buffer.alloc(32, 2).toString("base64");
const PRODUCTION: Environment = {
  REDIS_URL: "redis://redis:6379",
  HOOKWAVE_ENCRYPTION_KEY: KEY,
  REQUIRE_AOF: "true",
};

const bad = (findings: readonly Finding[]) =>
  findings
    .filter(({ level }) => level !== "ok")
    .map(({ check, level, seen }) => `${level} ${check}: ${seen}`);
const ofSettings = (env: Environment) => bad(settingsFindings(readEnvironment({ ...PRODUCTION, ...env })));

describe("settings", () => {
  it("that production wants are missed one by one", () => {
    expect(ofSettings({})).toEqual([]);
    for (const variable of Object.keys(PRODUCTION))
      expect(ofSettings({ [variable]: undefined })).toEqual([
        expect.stringMatching(`^warning settings.production: ${variable} is not set`),
      ]);
  });

  it("that are not at their defaults are named, without their values", () => {
    const findings = settingsFindings(
      readEnvironment({ ...PRODUCTION, WEBHOOK_TIMEOUT: "15s", LOG_LEVEL: "debug" }),
    );
    const given = findings.find(({ check }) => check === "settings.given");
    expect(given?.seen).toMatch(
      /4 not at their defaults: REDIS_URL, REQUIRE_AOF, HOOKWAVE_ENCRYPTION_KEY, LOG_LEVEL$/,
    );
    expect(JSON.stringify(findings)).not.toContain(KEY);
  });

  it.each<[Environment, RegExp]>([
    [{ WEBHOOK_SECRET: "whsec_abc" }, /WEBHOOK_SECRET is set and WEBHOOK_URL is not/],
    [{ HOOKWAVE_ROLE: "worker" }, /nobody can read its metrics/],
    [{ REDIS_FALLBACK_MODE: "primary" }, /ENABLE_REDIS_FALLBACK is not true/],
    [{ WEBHOOK_TIMEOUT: "60", SHUTDOWN_GRACE: "30" }, /1m \(WEBHOOK_TIMEOUT\), and a shutdown waits 30s/],
    [{ HOLD_MAX_AGE: "5d" }, /5d \(HOLD_MAX_AGE\).*3d \(EVENT_RETENTION\)/],
    [{ WEBHOOK_CIRCUIT_BREAKER_RECOVERY_TIME: "1d" }, /given up before anything is tried/],
    [{ METRICS_PORT: "8420" }, /are both 8420/],
    [{ HOOKWAVE_ENCRYPTION_KEY_PREVIOUS: KEY }, /are the same key/],
  ])("contradict each other: %j", (env, seen) => {
    expect(ofSettings(env)).toEqual([expect.stringMatching(/^warning settings.contradiction: /)]);
    expect(ofSettings(env)[0]).toMatch(seen);
  });

  it.each<[Environment]>([
    [{ HOOKWAVE_ROLE: "worker", METRICS_PORT: "9464" }],
    [{ HOOKWAVE_ROLE: "worker", METRICS_PORT: "9464", METRICS: "false" }],
    [{ HOOKWAVE_ROLE: "worker", METRICS_PORT: "8420" }],
    [{ ENABLE_REDIS_FALLBACK: "true", REDIS_FALLBACK_MODE: "primary" }],
    [{ HOOKWAVE_ENCRYPTION_KEY_PREVIOUS: OTHER }],
    [{ WEBHOOK_TIMEOUT: "20", SHUTDOWN_GRACE: "20" }],
  ])("go together: %j", (env) => {
    expect(ofSettings(env)).toEqual([]);
  });
});

describe("an environment", () => {
  it("that a service would refuse is told whole, and is read as far as it can be", () => {
    const survey = surveyEnvironment({
      WEBHOOK_TIMEOUT: "soon",
      REDIS_URL: "http://hush-hush",
      HOOKWAVE_PORT: "9000",
      HOOKWAVE_APIKEY: "hush-hush",
    });
    expect(survey.config).toMatchObject({ webhookTimeoutMs: 15_000, redisUrl: null, port: 9_000 });
    const findings = environmentFindings(survey);
    expect(bad(findings)).toEqual([
      expect.stringMatching(/^broken settings.invalid: REDIS_URL: expected/),
      expect.stringMatching(/^broken settings.invalid: WEBHOOK_TIMEOUT: expected .*got "soon"/),
      expect.stringMatching(/^warning settings.unknown: HOOKWAVE_APIKEY .* did you mean HOOKWAVE_API_KEY\?/),
    ]);
    expect(JSON.stringify(findings)).not.toContain("hush-hush");
  });

  it("with a contradiction that a service refuses has it as broken", () => {
    expect(bad(environmentFindings(surveyEnvironment({ WEBHOOK_URL: "https://a.example/hook" })))).toEqual([
      expect.stringMatching(/^broken settings.invalid: WEBHOOK_SECRET/),
    ]);
  });
});

describe("what others could reach", () => {
  const exposed = (env: Environment, hasApiKeys: boolean | null = true) =>
    bad(exposureFindings(readEnvironment(env), hasApiKeys));
  const KEYED = { HOOKWAVE_API_KEY: "k".repeat(32) };

  it.each<[Environment, boolean | null]>([
    [{}, false],
    [{ HOOKWAVE_HOST: "localhost" }, false],
    [{ HOOKWAVE_HOST: "::1" }, null],
    [{ HOOKWAVE_HOST: "0.0.0.0", HOOKWAVE_ROLE: "worker" }, false],
    [{ ...KEYED, HOOKWAVE_HOST: "0.0.0.0", HOOKWAVE_URL: "https://hooks.example.com" }, null],
    [{ HOOKWAVE_HOST: "::", HOOKWAVE_URL: "http://127.0.0.1:8420" }, true],
    [{ ALLOW_PRIVATE_NETWORKS: "10.0.0.0/8" }, false],
  ])("is nothing: %j, API keys %s", (env, hasApiKeys) => {
    expect(exposed(env, hasApiKeys)).toEqual([]);
  });

  it.each<[Environment, boolean | null, RegExp]>([
    [
      { ...KEYED, HOOKWAVE_HOST: "0.0.0.0" },
      false,
      /exposure\.tls: .*0\.0\.0\.0:8420, by plain http: API keys/,
    ],
    [{ HOOKWAVE_HOST: "::" }, true, /exposure\.tls: .*\[::\]:8420/],
    [{ HOOKWAVE_HOST: "10.1.2.3", HOOKWAVE_URL: "http://10.1.2.3:8420", ...KEYED }, false, /exposure\.tls/],
    [
      { HOOKWAVE_HOST: "0.0.0.0", HOOKWAVE_URL: "https://hooks.example.com" },
      false,
      /exposure\.keys: there is no API key/,
    ],
    [
      { HOOKWAVE_HOST: "0.0.0.0", HOOKWAVE_URL: "https://hooks.example.com" },
      null,
      /exposure\.keys: .*Redis did not say/,
    ],
    [{ ALLOW_PRIVATE_NETWORKS: "0.0.0.0/0" }, false, /exposure\.networks: .*169\.254\.169\.254/],
    [{ ALLOW_PRIVATE_NETWORKS: "10.0.0.0/8, 169.254.0.0/16" }, false, /exposure\.networks/],
  ])("is too much: %j, API keys %s", (env, hasApiKeys, seen) => {
    expect(exposed(env, hasApiKeys)).toEqual([expect.stringMatching(seen)]);
  });
});

describe("the file of the encryption key", () => {
  const config = readEnvironment({});
  const file = { path: "/data/encryption.key", key: Buffer.alloc(32), isOpenToOthers: false };

  it("is well where it is its owner's alone, or where there is none", () => {
    expect(keyFileFinding(config, file)).toMatchObject({ level: "ok" });
    expect(keyFileFinding(config, null)).toMatchObject({ level: "ok" });
  });

  it("is a warning where others can read it, and broken where its own user cannot", () => {
    expect(keyFileFinding(config, { ...file, isOpenToOthers: true })).toMatchObject({
      level: "warning",
      remedy: "chmod 600 /data/encryption.key",
    });
    expect(keyFileFinding(config, { ...file, key: null })).toMatchObject({ level: "broken" });
    const keyed = readEnvironment({ HOOKWAVE_ENCRYPTION_KEY: KEY });
    expect(keyFileFinding(keyed, { ...file, key: null })).toMatchObject({ level: "ok" });
  });
});
