/**
 * Every setting, once: its variable, form, default and documentation. The configuration's type, what is checked at
 * start, .env.example and docs/configuration.md all come from this table. It reads nothing itself.
 */
import { z } from "zod";
import { PROFILE_NAMES } from "../core/endpoint.ts";
import { PROXY_URL_REMEDY } from "../core/proxy-url.ts";
import { apiSettings } from "./api-settings.ts";
import * as forms from "./forms.ts";
import { migrationSettings } from "./migration-settings.ts";
import { redisSettings } from "./redis-settings.ts";
import { aboutSettings, optionalSetting, type Setting, setting } from "./setting.ts";
import { traceSettings } from "./trace-settings.ts";

/** Variables as a process gets them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

const service = {
  role: setting(forms.choice(["all", "api", "worker"]), "all", {
    variable: "HOOKWAVE_ROLE",
    doc: "What this process does: serve the HTTP API, deliver, or both.",
  }),
  host: setting(forms.text("a host name or address to listen on", /^[\w.:-]{1,253}$/), "127.0.0.1", {
    variable: "HOOKWAVE_HOST",
    doc: "Address the HTTP API listens on; 0.0.0.0 for all.",
  }),
  port: setting(forms.wholeNumber(0, 65_535), "8420", {
    variable: "HOOKWAVE_PORT",
    doc: "Port the HTTP API listens on; 0 takes a free one.",
  }),
  dataDir: setting(forms.text("a directory", /^[^\0]+$/), "./.hookwave", {
    variable: "HOOKWAVE_DATA_DIR",
    doc: "Where the embedded Redis keeps its data, and where an encryption key is kept that was not given.",
  }),
  shutdownGraceMs: setting(forms.duration(0, 10 * MINUTE_MS), "20s", {
    variable: "SHUTDOWN_GRACE",
    doc: "How long open POSTs may finish at shutdown. What is still open then is delivered again by another worker.",
    unit: "seconds",
  }),
};

const defaultEndpoint = {
  webhookUrl: optionalSetting(forms.url(["https:", "http:"]), {
    variable: "WEBHOOK_URL",
    doc: "Creates an endpoint named `default` that receives WEBHOOK_EVENTS. May hold a token.",
    isSecret: true,
    remedy: "write it like https://example.com/webhooks",
  }),
  webhookSecret: optionalSetting(forms.secret(), {
    variable: "WEBHOOK_SECRET",
    doc: "Signs what the default endpoint receives; needed with WEBHOOK_URL. One, as it is: a comma belongs to it.",
    isSecret: true,
    remedy: 'make one with: echo "whsec_$(openssl rand -base64 32)"',
  }),
  webhookSecretPrevious: optionalSetting(forms.secret(), {
    variable: "WEBHOOK_SECRET_PREVIOUS",
    doc: "The secret before WEBHOOK_SECRET, while receivers move to the new one: both sign.",
    isSecret: true,
    remedy: "unset it once every receiver has the new one",
  }),
  webhookProfile: setting(forms.choice(PROFILE_NAMES), "hokusai", {
    variable: "WEBHOOK_PROFILE",
    doc: "The wire profile of the default endpoint: body shape and signature headers.",
  }),
  webhookEvents: setting(forms.subscriptions(), "*", {
    variable: "WEBHOOK_EVENTS",
    doc: "What the default endpoint receives.",
  }),
};

const delivery = {
  webhookTimeoutMs: setting(forms.duration(SECOND_MS, 5 * MINUTE_MS), "15", {
    variable: "WEBHOOK_TIMEOUT",
    doc: "Deadline of one attempt, over the whole exchange.",
    unit: "seconds",
  }),
  webhookMaxRetries: setting(forms.wholeNumber(0, 24), "5", {
    variable: "WEBHOOK_MAX_RETRIES",
    doc: "Attempts after the first, before a delivery becomes a dead letter.",
    unit: "attempts",
  }),
  webhookRetryDelayMs: setting(forms.duration(1, DAY_MS), "2", {
    variable: "WEBHOOK_RETRY_DELAY",
    doc: "Wait before the first retry; doubles with each further one, ±10 %.",
    unit: "seconds",
  }),
  breakerFailureThreshold: setting(forms.wholeNumber(1, 10_000), "5", {
    variable: "WEBHOOK_CIRCUIT_BREAKER_FAILURE_THRESHOLD",
    doc: "Failures within 10 s, in one worker, from which on an endpoint's breaker may open; it opens where half of the attempts or more fail.",
    unit: "failures",
  }),
  breakerRecoveryMs: setting(forms.duration(1, DAY_MS), "60", {
    variable: "WEBHOOK_CIRCUIT_BREAKER_RECOVERY_TIME",
    doc: "How long an open breaker waits before it lets one probe through.",
    unit: "seconds",
  }),
  holdMaxAgeMs: setting(forms.duration(SECOND_MS, 30 * DAY_MS), "24h", {
    variable: "HOLD_MAX_AGE",
    doc: "How long a delivery may be held before it becomes a dead letter (expired): by an open breaker, by its endpoint's rate, or because it is busy.",
    unit: "seconds",
  }),
  disableAfterMs: setting(forms.duration(0, 365 * DAY_MS), "5d", {
    variable: "DISABLE_AFTER",
    doc: "How long an endpoint may fail without one success before it is disabled; its operators are told at a quarter, a half and three quarters of it (docs/endpoints.md). 0: never.",
    unit: "seconds",
  }),
  // A job is run again within minutes of a crash, and must then still know what it had already sent.
  eventRetentionMs: setting(forms.duration(10 * MINUTE_MS, 365 * DAY_MS), "3d", {
    variable: "EVENT_RETENTION",
    doc: "How long an event is remembered: for that long, publishing the same id again does nothing. Callbacks of the inbox are kept as long. Takes its data and about 1 KB of Redis memory each.",
    unit: "seconds",
  }),
  workerConcurrency: setting(forms.wholeNumber(1, 10_000), "128", {
    variable: "WORKER_CONCURRENCY",
    doc: "Jobs one worker has in work at a time; a job holds up to 64 events.",
    unit: "jobs",
  }),
  maxInFlight: setting(forms.wholeNumber(1, 1_000), "50", {
    variable: "MAX_IN_FLIGHT",
    doc: "Open POSTs per endpoint and worker at the most, where the endpoint has no number of its own; begins with 10, and grows while answers stay as fast.",
    unit: "POSTs",
  }),
};

const safety = {
  encryptionKey: optionalSetting(forms.base64(32), {
    variable: "HOOKWAVE_ENCRYPTION_KEY",
    doc: "Seals the secrets of endpoints and sources in Redis; every process of an installation needs the same. Without it, one is made and kept in HOOKWAVE_DATA_DIR.",
    isSecret: true,
    remedy: "make one with: openssl rand -base64 32",
  }),
  encryptionKeyPrevious: optionalSetting(forms.base64(32), {
    variable: "HOOKWAVE_ENCRYPTION_KEY_PREVIOUS",
    doc: "Opens what HOOKWAVE_ENCRYPTION_KEY does not, and seals nothing: a start with both seals everything again with the new key (docs/endpoints.md).",
    isSecret: true,
  }),
  allowHttp: setting(forms.flag(), "false", {
    variable: "ALLOW_HTTP",
    doc: "Accept endpoints with http: URLs, whose traffic anyone on the way can read.",
  }),
  allowPrivateNetworks: setting(forms.networks(), "", {
    variable: "ALLOW_PRIVATE_NETWORKS",
    doc: "Private networks that endpoints may be in, such as 10.0.0.0/8. Without it, none. In a network with NAT64, 64:ff9b::/96 lets names be reached that have only a public IPv4 address.",
  }),
  dnsServers: setting(forms.nameServers(), "", {
    variable: "DNS_SERVERS",
    doc: "Name servers to ask for the addresses of receivers, in this order, such as 10.0.0.2 or [fd00::2]:5353. Without it, those of /etc/resolv.conf.",
  }),
  outboundProxy: optionalSetting(forms.proxyUrl(), {
    variable: "OUTBOUND_PROXY",
    doc: "The HTTP proxy through which all receivers are called, by CONNECT to an address that was looked up and checked here (docs/deployment.md). Without it they are called directly; HTTPS_PROXY and its like are not obeyed. May hold a user and a password.",
    isSecret: true,
    remedy: PROXY_URL_REMEDY,
  }),
  outboundProxyExcept: setting(forms.networks(), "", {
    variable: "OUTBOUND_PROXY_EXCEPT",
    doc: "Networks whose receivers are called directly in spite of OUTBOUND_PROXY, such as a 10.0.0.0/8 that ALLOW_PRIVATE_NETWORKS has opened. By address: NO_PROXY is not obeyed.",
  }),
};

const observability = {
  logLevel: setting(forms.choice(["fatal", "error", "warn", "info", "debug", "trace", "silent"]), "info", {
    variable: "LOG_LEVEL",
    doc: "The least important log lines to write.",
  }),
  logFormat: setting(forms.choice(["auto", "json", "pretty"]), "auto", {
    variable: "LOG_FORMAT",
    doc: "Log lines as JSON, or for a person who reads them as they come; `auto`: for a person where standard output is a terminal.",
  }),
  metricsEndpointLabels: setting(forms.wholeNumber(0, 10_000), "200", {
    variable: "METRICS_ENDPOINT_LABELS",
    doc: "How many endpoints get a metric label of their own; the rest share `other`.",
    unit: "endpoints",
  }),
};

export const configSchema = z.object({
  ...service,
  ...redisSettings,
  ...defaultEndpoint,
  ...delivery,
  ...safety,
  ...apiSettings,
  ...migrationSettings,
  ...observability,
  ...traceSettings,
});

/** Groups of settings in the order in which people read of them. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  Service: service,
  Redis: redisSettings,
  "Default endpoint": defaultEndpoint,
  Delivery: delivery,
  Safety: safety,
  API: apiSettings,
  Migration: migrationSettings,
  Observability: observability,
  Traces: traceSettings,
};

/** Every setting, in the order of the table. */
export const SETTINGS: readonly Setting[] = Object.entries(GROUPS).flatMap(([group, settings]) =>
  Object.entries(settings).flatMap(([key, schema]) => {
    const about = aboutSettings.get(schema);
    return about === undefined ? [] : [{ key, group, ...about }];
  }),
);
