/**
 * Findings about settings: values that cannot be, names that are none, what production wants besides, and settings that
 * are fine alone and of no use together. They name variables and never show a value that may be secret.
 */
import { isDeepStrictEqual } from "node:util";
import { type Config, configWith, type Survey } from "../../config/environment.ts";
import { SETTINGS } from "../../config/settings.ts";
import { formatDuration } from "../../core/duration.ts";
import { broken, type Check, type Finding, ok, warning } from "./finding.ts";

type Rule = readonly [isBroken: boolean, seen: string, remedy: string];

/** Of an environment as a process was given it. */
export function environmentFindings({ config, problems }: Survey): readonly Finding[] {
  return [
    ...problems.map((problem) =>
      broken(
        "settings.invalid",
        problem,
        "correct it: a service does not start so, and what follows takes its default",
      ),
    ),
    ...config.warnings.map((text) => warning("settings.unknown", text, "rename it, or unset it")),
  ];
}

/** Of the settings that a service has. */
export function settingsFindings(config: Config): readonly Finding[] {
  const contradictions = [...withoutEffect(config), ...timesApart(config), ...sameTwice(config)];
  return [
    givenFinding(config),
    ...warnings("settings.production", wantedInProduction(config), "all that production wants is set"),
    ...warnings("settings.contradiction", contradictions, "none contradicts another"),
  ];
}

/** Of the rules that are broken; `well` is said where none is. */
function warnings(check: Check, rules: readonly Rule[], well: string): readonly Finding[] {
  const found = rules.flatMap(([isBroken, seen, remedy]) => (isBroken ? [warning(check, seen, remedy)] : []));
  return found.length === 0 ? [ok(check, well)] : found;
}

function givenFinding(config: Config): Finding {
  const defaults: Readonly<Record<string, unknown>> = { ...configWith({}) };
  const values: Readonly<Record<string, unknown>> = { ...config };
  const given = SETTINGS.filter(({ key }) => !isDeepStrictEqual(values[key], defaults[key]));
  const names = given.map(({ variable }) => variable).join(", ");
  return ok(
    "settings.given",
    given.length === 0
      ? `${SETTINGS.length} settings, all at their defaults`
      : `${SETTINGS.length} settings, ${given.length} not at their defaults: ${names}`,
  );
}

function wantedInProduction(config: Config): readonly Rule[] {
  return [
    [
      config.redisUrl === null,
      "REDIS_URL is not set: the events lie in a private Redis of this process",
      "run a Redis or Valkey with an append-only file, and name it",
    ],
    [
      config.encryptionKey === null,
      "HOOKWAVE_ENCRYPTION_KEY is not set: what seals the endpoints' secrets lies in HOOKWAVE_DATA_DIR, on this machine alone",
      "set one, the same in every process: openssl rand -base64 32",
    ],
    [
      !config.requireAof,
      "REQUIRE_AOF is not set: a service also starts on a Redis that forgets everything when it is killed",
      "REQUIRE_AOF=true",
    ],
  ];
}

/** Settings that another one takes the effect from. */
function withoutEffect(config: Config): readonly Rule[] {
  const hasBus = config.enableRedisFallback === true;
  return [
    [
      config.webhookUrl === null && config.webhookSecret !== null,
      "WEBHOOK_SECRET is set and WEBHOOK_URL is not: no endpoint is made of it",
      "set WEBHOOK_URL, too, or unset it",
    ],
    [
      config.role === "worker" && config.metrics && config.metricsPort === null,
      "HOOKWAVE_ROLE is worker and METRICS_PORT is not set: a worker has no API, so nobody can read its metrics",
      "set METRICS_PORT, for example 9464",
    ],
    [
      !hasBus && config.redisFallbackMode !== "dual",
      "REDIS_FALLBACK_MODE is set and ENABLE_REDIS_FALLBACK is not true: nothing goes to the bus by it",
      "ENABLE_REDIS_FALLBACK=true, or unset it",
    ],
  ];
}

/** Times of which one makes another pointless. */
function timesApart(config: Config): readonly Rule[] {
  const { webhookTimeoutMs, shutdownGraceMs, holdMaxAgeMs, eventRetentionMs, breakerRecoveryMs } = config;
  return [
    [
      shutdownGraceMs < webhookTimeoutMs,
      `an attempt may take ${formatDuration(webhookTimeoutMs)} (WEBHOOK_TIMEOUT), and a shutdown waits ${formatDuration(shutdownGraceMs)} (SHUTDOWN_GRACE): each deploy may send some twice`,
      "raise SHUTDOWN_GRACE above WEBHOOK_TIMEOUT, and the patience of what stops the process above both",
    ],
    [
      holdMaxAgeMs > eventRetentionMs,
      `a delivery may be held for ${formatDuration(holdMaxAgeMs)} (HOLD_MAX_AGE), and its event is remembered for ${formatDuration(eventRetentionMs)} (EVENT_RETENTION)`,
      "raise EVENT_RETENTION, or lower HOLD_MAX_AGE",
    ],
    [
      breakerRecoveryMs >= holdMaxAgeMs,
      `a breaker stays open for ${formatDuration(breakerRecoveryMs)}, and a delivery is held for ${formatDuration(holdMaxAgeMs)} (HOLD_MAX_AGE) at the most: it is given up before anything is tried`,
      "lower WEBHOOK_CIRCUIT_BREAKER_RECOVERY_TIME, or raise HOLD_MAX_AGE",
    ],
  ];
}

function sameTwice(config: Config): readonly Rule[] {
  const { port, metricsPort, encryptionKey: key, encryptionKeyPrevious: previous } = config;
  return [
    [
      metricsPort !== null && metricsPort !== 0 && metricsPort === port && config.role !== "worker",
      `METRICS_PORT and HOOKWAVE_PORT are both ${port}: one of them cannot be opened`,
      "give metrics a port of their own",
    ],
    [
      key !== null && previous !== null && key.equals(previous),
      "HOOKWAVE_ENCRYPTION_KEY and HOOKWAVE_ENCRYPTION_KEY_PREVIOUS are the same key",
      "unset the second, or set the first to the new key",
    ],
  ];
}
