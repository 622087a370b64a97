import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";
import type { Environment } from "../../../src/config/settings.ts";
import { HookwaveError } from "../../../src/core/errors.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

function refusalOf(env: Environment): HookwaveError {
  try {
    readEnvironment(env);
  } catch (error) {
    if (error instanceof HookwaveError) return error;
    throw error;
  }
  throw new Error("expected the environment to be refused, got a configuration");
}

describe("an empty environment", () => {
  it("gives the documented defaults", () => {
    expect(readEnvironment({})).toEqual({
      apiKey: null,
      apiRateLimit: 120_000,
      apiRateLimitUnknown: 600,
      apiConnectionsUnknown: 100,
      apiTrustedProxies: [],
      apiUrl: null,
      apiDefaultProfile: "standard",
      klipstreamCompat: false,
      apiDocs: true,
      console: true,
      consoleHidePayloads: false,
      metrics: true,
      metricsPort: null,
      redisTlsCa: null,
      redisTlsCert: null,
      redisTlsKey: null,
      redisUrl: null,
      prefix: "{hookwave}",
      role: "all",
      host: "127.0.0.1",
      port: 8420,
      dataDir: "./.hookwave",
      disableAfterMs: 432_000_000,
      dnsServers: [],
      outboundProxy: null,
      outboundProxyExcept: [],
      encryptionKey: null,
      encryptionKeyPrevious: null,
      logFormat: "auto",
      logLevel: "info",
      webhookUrl: null,
      webhookSecret: null,
      webhookSecretPrevious: null,
      webhookProfile: "hokusai",
      webhookEvents: ["*"],
      webhookTimeoutMs: 15_000,
      webhookMaxRetries: 5,
      webhookRetryDelayMs: 2_000,
      breakerFailureThreshold: 5,
      breakerRecoveryMs: 60_000,
      holdMaxAgeMs: 86_400_000,
      eventRetentionMs: 259_200_000,
      allowHttp: false,
      allowPrivateNetworks: [],
      requireAof: false,
      publishDurability: "redis",
      ...{ replicasMin: 1, shards: 1 },
      workerConcurrency: 128,
      maxInFlight: 50,
      shutdownGraceMs: 20_000,
      metricsEndpointLabels: 200,
      otlpEndpoint: null,
      otlpTracesEndpoint: null,
      otlpProtocol: "http/protobuf",
      otlpHeaders: {},
      otlpTracesHeaders: {},
      tracesExporter: "otlp",
      otelDisabled: false,
      tracesSampler: "parentbased_always_on",
      tracesSamplerArg: 1,
      serviceName: null,
      resourceAttributes: {},
      spanDelayMs: 5_000,
      spanQueueMax: 2_048,
      spanBatchMax: 512,
      enableRedisFallback: null,
      redisFallbackMode: "dual",
      redisFallbackAfterMs: 60_000,
      redisFallbackShares: { "*": 100 },
      legacyRedisUrl: null,
      legacyRedisList: null,
      legacyRedisChannel: null,
      legacyRedisEnvelope: "hokusai",
      legacyRedisEvents: ["model.registered"],
      legacyRedisEndpoint: "default",
      legacyRedisListMax: 100_000,
      warnings: [],
      unheededProxies: [],
    });
  });

  it("equals one whose variables are empty", () => {
    expect(readEnvironment({ WEBHOOK_TIMEOUT: "", REDIS_URL: " ", WEBHOOK_SECRET: "" })).toEqual(
      readEnvironment({}),
    );
  });

  it("is read from the process when none is given", () => {
    expect(readEnvironment().prefix).toBe(process.env["HOOKWAVE_PREFIX"] ?? "{hookwave}");
  });
});

describe("values", () => {
  it("keeps the environment of the service being replaced working", () => {
    const config = readEnvironment({
      WEBHOOK_URL: "https://example.com/hooks",
      WEBHOOK_SECRET: "N7!k,Qz2@v",
      WEBHOOK_SECRET_PREVIOUS: "old,secret",
      WEBHOOK_TIMEOUT: "30",
      WEBHOOK_MAX_RETRIES: "3",
      WEBHOOK_RETRY_DELAY: "0.5",
      WEBHOOK_CIRCUIT_BREAKER_FAILURE_THRESHOLD: "7",
      WEBHOOK_CIRCUIT_BREAKER_RECOVERY_TIME: "90",
    });
    expect(config).toMatchObject({
      webhookUrl: "https://example.com/hooks",
      webhookSecret: "N7!k,Qz2@v",
      webhookSecretPrevious: "old,secret",
      webhookTimeoutMs: 30_000,
      webhookMaxRetries: 3,
      webhookRetryDelayMs: 500,
      breakerFailureThreshold: 7,
      breakerRecoveryMs: 90_000,
    });
  });

  it.each([
    ["HOLD_MAX_AGE", "250s", { holdMaxAgeMs: 250_000 }],
    ["HOLD_MAX_AGE", "1500ms", { holdMaxAgeMs: 1_500 }],
    ["SHUTDOWN_GRACE", "1.5", { shutdownGraceMs: 1_500 }],
    ["EVENT_RETENTION", "7d", { eventRetentionMs: 604_800_000 }],
    ["REQUIRE_AOF", "YES", { requireAof: true }],
    ["ALLOW_HTTP", "1", { allowHttp: true }],
    ["ALLOW_HTTP", "no", { allowHttp: false }],
    ["WEBHOOK_EVENTS", "job.*, model.registered", { webhookEvents: ["job.*", "model.registered"] }],
    ["ALLOW_PRIVATE_NETWORKS", "10.0.0.0/8, fd00::/8", { allowPrivateNetworks: ["10.0.0.0/8", "fd00::/8"] }],
    [
      "HOOKWAVE_ENCRYPTION_KEY",
      Buffer.alloc(32, 7).toString("base64"),
      { encryptionKey: Buffer.alloc(32, 7) },
    ],
    ["HOOKWAVE_PORT", "0", { port: 0 }],
    ["OUTBOUND_PROXY", "http://svc:pw@proxy:3128", { outboundProxy: "http://svc:pw@proxy:3128" }],
    ["OUTBOUND_PROXY_EXCEPT", "10.0.0.0/8", { outboundProxyExcept: ["10.0.0.0/8"] }],
    ["HOOKWAVE_URL", "https://example.com/hookwave/", { apiUrl: "https://example.com/hookwave/" }],
    ["REDIS_URL", "rediss://:pw@cache:6380/1", { redisUrl: "rediss://:pw@cache:6380/1" }],
  ])("reads %s=%s", (variable, text, expected) => {
    expect(readEnvironment({ [variable]: text })).toMatchObject(expected);
  });

  it.each([
    ["WEBHOOK_TIMEOUT", "0.5"],
    ["WEBHOOK_TIMEOUT", "301"],
    ["WEBHOOK_TIMEOUT", "15 parsecs"],
    ["WEBHOOK_TIMEOUT", "-1"],
    ["WEBHOOK_MAX_RETRIES", "25"],
    ["MAX_IN_FLIGHT", "1001"],
    ["EVENT_RETENTION", "9m"],
    ["WEBHOOK_MAX_RETRIES", "2.5"],
    ["HOOKWAVE_PORT", "65536"],
    ["HOOKWAVE_PREFIX", "hookwave"],
    ["HOOKWAVE_PREFIX", "{}"],
    ["HOOKWAVE_ROLE", "toString"],
    ["REDIS_URL", "http://cache:6379"],
    ["HOOKWAVE_URL", "hookwave.example.com"],
    ["HOOKWAVE_URL", "https://me:pw@hookwave.example.com"],
    ["HOOKWAVE_URL", "https://hookwave.example.com/?key=1"],
    ["WEBHOOK_PROFILE", "unheard-of"],
    ["WEBHOOK_EVENTS", "Model Registered"],
    ["WEBHOOK_EVENTS", "job.completed,,job.failed"],
    ["WEBHOOK_SECRET", "s".repeat(4_097)],
    ["ALLOW_PRIVATE_NETWORKS", "10.0.0.0"],
    ["ALLOW_PRIVATE_NETWORKS", "10.0.0.0/33"],
    ["ALLOW_PRIVATE_NETWORKS", "10.0.0/8"],
    ["ALLOW_PRIVATE_NETWORKS", "fd00::/129"],
    ["OUTBOUND_PROXY", "https://proxy.corp.example:3128"],
    ["OUTBOUND_PROXY", "socks5://proxy.corp.example:1080"],
    ["OUTBOUND_PROXY", "http://proxy.corp.example"],
    ["OUTBOUND_PROXY_EXCEPT", "*.corp.example"],
    ["REQUIRE_AOF", "maybe"],
    ["HOOKWAVE_ENCRYPTION_KEY", Buffer.alloc(31).toString("base64")],
    ["HOOKWAVE_ENCRYPTION_KEY", `${Buffer.alloc(32).toString("base64")}!`],
    ["LOG_LEVEL", "verbose"],
  ])("refuses %s=%s by name", (variable, text) => {
    const error = refusalOf({ [variable]: text });
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(`got 1 that cannot work:\n  ${variable}: expected `);
  });
});

describe("a refusal", () => {
  it("lists every problem with the variable, what was expected, what came and a remedy", () => {
    const { message } = refusalOf({ WEBHOOK_TIMEOUT: "soon", HOOKWAVE_ROLE: "boss", HOOKWAVE_PORT: "8420" });
    expect(message).toContain("got 2 that cannot work");
    expect(message).toContain(
      'HOOKWAVE_ROLE: expected one of all, api, worker, got "boss"; for example HOOKWAVE_ROLE=all',
    );
    expect(message).toMatch(
      /WEBHOOK_TIMEOUT: expected seconds.* from 1s to 5m, got "soon"; for example WEBHOOK_TIMEOUT=15/,
    );
    expect(message).not.toContain("HOOKWAVE_PORT");
  });

  it.each([
    ["HOOKWAVE_ENCRYPTION_KEY", "c2hvcnQta2V5"],
    ["WEBHOOK_SECRET", `hunter2,${"s".repeat(4_097)}`],
    ["REDIS_URL", "tcp://:hunter2@cache"],
    ["WEBHOOK_URL", "htps://u:hunter2@example.com/T0/hunter3?token=hunter4"],
    ["HOOKWAVE_URL", "https://u:hunter2@example.com/?key=hunter3"],
    ["OUTBOUND_PROXY", "https://u:hunter2@proxy.corp.example:3128"],
  ])("hides the value of %s", (variable, secret) => {
    const error = refusalOf({ [variable]: secret });
    expect(error.message).toContain(`got a hidden value of ${secret.length} characters`);
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(secret);
  });

  it.each([
    [{ WEBHOOK_SECRET_PREVIOUS: "hush" }, "WEBHOOK_SECRET: expected the new secret because"],
    [
      { WEBHOOK_SECRET: "hush", WEBHOOK_SECRET_PREVIOUS: "hush" },
      "WEBHOOK_SECRET_PREVIOUS: expected the secret before",
    ],
  ])("says of a previous secret that goes with no other what is wrong, without it: %#", (env, problem) => {
    const { message } = refusalOf(env);
    expect(message).toContain(problem);
    expect(message).not.toContain("hush");
  });

  it("asks for WEBHOOK_SECRET when WEBHOOK_URL is set, along with every other problem", () => {
    const { message } = refusalOf({ WEBHOOK_URL: "https://example.com", LOG_LEVEL: "loud" });
    expect(message).toContain("WEBHOOK_SECRET: expected a secret because WEBHOOK_URL is set, got none");
    expect(message).toContain("LOG_LEVEL");
  });

  it("asks for the new encryption key where only the previous one is set", () => {
    const previous = Buffer.alloc(32, 7).toString("base64");
    const { message } = refusalOf({ HOOKWAVE_ENCRYPTION_KEY_PREVIOUS: previous });
    expect(message).toContain("HOOKWAVE_ENCRYPTION_KEY: expected the new key");
    expect(message).not.toContain(previous);
  });

  it("names ALLOW_HTTP and not the URL when WEBHOOK_URL is http, unless it is switched on", () => {
    const env = { WEBHOOK_URL: "http://localhost:3000/?token=hunter2", WEBHOOK_SECRET: SECRET };
    const { message } = refusalOf(env);
    expect(message).toContain("WEBHOOK_URL: expected https:, got http:; use https: or set ALLOW_HTTP=true");
    expect(message).not.toContain("hunter2");
    expect(readEnvironment({ ...env, ALLOW_HTTP: "true" }).webhookUrl).toBe(env.WEBHOOK_URL);
  });
});

describe("variables that name a proxy for other programs", () => {
  it("are told by name where OUTBOUND_PROXY names none, and hold for nothing", () => {
    const env = { HTTPS_PROXY: "http://hunter2@proxy:3128", http_proxy: "http://proxy:3128", ALL_PROXY: " " };
    const { outboundProxy, unheededProxies } = readEnvironment(env);
    expect({ outboundProxy, unheededProxies }).toEqual({
      outboundProxy: null,
      unheededProxies: ["HTTPS_PROXY", "http_proxy"],
    });
    expect(readEnvironment({ ...env, OUTBOUND_PROXY: "http://proxy:3128" }).unheededProxies).toEqual([]);
  });
});

describe("variables that are not settings", () => {
  it("names the nearest setting, and never the value", () => {
    const { warnings } = readEnvironment({
      WEBHOOK_TIMOUT: "3",
      HOOKWAVE_ENCRYPTON_KEY: "hunter2",
      HOME: "/root",
    });
    expect(warnings).toEqual([
      expect.stringMatching(/^HOOKWAVE_ENCRYPTON_KEY is ignored.*mean HOOKWAVE_ENCRYPTION_KEY\?$/),
      expect.stringMatching(/^WEBHOOK_TIMOUT is ignored.*mean WEBHOOK_TIMEOUT\?$/),
    ]);
    expect(warnings.join()).not.toContain("hunter2");
  });

  it("names the nearest of the migration's, too", () => {
    expect(readEnvironment({ OUTBOUND_PROXY_URL: "http://hunter2@proxy:3128" }).warnings).toEqual([
      "OUTBOUND_PROXY_URL is ignored: no setting has this name; did you mean OUTBOUND_PROXY?",
    ]);
    expect(readEnvironment({ LEGACY_REDIS_QUEUE: "x", ENABLE_REDIS_FALBACK: "true" }).warnings).toEqual([
      expect.stringMatching(/^ENABLE_REDIS_FALBACK is ignored.*mean ENABLE_REDIS_FALLBACK\?$/),
      expect.stringMatching(/^LEGACY_REDIS_QUEUE is ignored.*mean LEGACY_REDIS_/),
    ]);
  });

  it("does not warn about an empty one", () => {
    expect(readEnvironment({ WEBHOOK_TIMOUT: "" }).warnings).toEqual([]);
  });
});
