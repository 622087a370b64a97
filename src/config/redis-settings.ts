/** Settings of the Redis that keeps everything. Part of the table in settings.ts. */
import { DURABILITIES } from "../core/durability.ts";
import { REDIS_URL_REMEDY, readRedisUrl } from "../core/redis-url.ts";
import { SHARDS_MAX } from "../core/shards.ts";
import * as forms from "./forms.ts";
import { certificates, privateKey, redisUrl } from "./redis-url.ts";
import { optionalSetting, setting } from "./setting.ts";

const CERTIFICATE_REMEDY = "begin with -----BEGIN CERTIFICATE-----; a file of it is named by";

export const redisSettings = {
  redisUrl: optionalSetting(redisUrl(), {
    variable: "REDIS_URL",
    doc: "The Redis or Valkey that keeps everything. Without it, a private embedded server is started. May hold a password.",
    isSecret: true,
    remedy: REDIS_URL_REMEDY,
  }),
  redisTlsCa: optionalSetting(certificates(), {
    variable: "REDIS_TLS_CA",
    doc: "The authorities that vouch for Redis where REDIS_URL or LEGACY_REDIS_URL is rediss://, instead of those that Node knows. Mostly REDIS_TLS_CA_FILE, the path of a file with them.",
    isSecret: true,
    remedy: `${CERTIFICATE_REMEDY} REDIS_TLS_CA_FILE`,
  }),
  redisTlsCert: optionalSetting(certificates(), {
    variable: "REDIS_TLS_CERT",
    doc: "Our own certificate, for a Redis that asks for one; with REDIS_TLS_KEY. Mostly REDIS_TLS_CERT_FILE.",
    isSecret: true,
    remedy: `${CERTIFICATE_REMEDY} REDIS_TLS_CERT_FILE`,
  }),
  redisTlsKey: optionalSetting(privateKey(), {
    variable: "REDIS_TLS_KEY",
    doc: "The private key of REDIS_TLS_CERT. Mostly REDIS_TLS_KEY_FILE.",
    isSecret: true,
    remedy: "begin with -----BEGIN PRIVATE KEY-----; a file of it is named by REDIS_TLS_KEY_FILE",
  }),
  prefix: setting(
    forms.text("a key prefix with a hash tag, a name in braces", /^[^\s{}]*\{[^\s{}]+\}\S*$/),
    "{hookwave}",
    {
      variable: "HOOKWAVE_PREFIX",
      doc: "All keys start with this. The braces keep the keys of one installation, or of each of its SHARDS, on one cluster node.",
    },
  ),
  shards: setting(forms.wholeNumber(1, SHARDS_MAX), "1", {
    variable: "SHARDS",
    doc: "Into how many shards the events are divided, each with a hash tag of its own, so that a Cluster spreads them over its masters (docs/deployment.md). The same in every process; it stays as it was at the first start.",
    unit: "shards",
  }),
  requireAof: setting(forms.flag(), "false", {
    variable: "REQUIRE_AOF",
    doc: "Refuse to start on a Redis without append-only file, which loses accepted events when it restarts.",
  }),
  publishDurability: setting(forms.choice(DURABILITIES), "redis", {
    variable: "PUBLISH_DURABILITY",
    doc: "How safe an event must be before its publish is acknowledged, where the publish does not say: docs/durability.md.",
  }),
  replicasMin: setting(forms.wholeNumber(1, 100), "1", {
    variable: "REPLICAS_MIN",
    doc: "How many replicas must have an event of durability `replicated`.",
    unit: "replicas",
  }),
};

type Named = "redisUrl" | "legacyRedisUrl" | "redisTlsCa" | "redisTlsCert" | "redisTlsKey";

/** Settings that are fine alone and wrong together; `of` has what was given, `nameOf` how whoever gave it calls it. */
export function redisContradictions(
  of: (key: Named) => unknown,
  nameOf: (key: Named) => string,
): readonly string[] {
  const has = (key: Named): boolean => (of(key) ?? null) !== null;
  const without = (one: Named, other: Named): readonly string[] =>
    has(one) || !has(other)
      ? []
      : [`${nameOf(one)}: expected it because ${nameOf(other)} is set, got none; set both, or neither`];
  const urls = [of("redisUrl"), of("legacyRedisUrl")].filter((url) => typeof url === "string");
  const arePlain = urls.length > 0 && urls.every((url) => readRedisUrl(url)?.isEncrypted === false);
  return [
    ...without("redisTlsCert", "redisTlsKey"),
    ...without("redisTlsKey", "redisTlsCert"),
    ...(arePlain && (has("redisTlsCa") || has("redisTlsCert"))
      ? [
          `${nameOf("redisUrl")}: expected rediss:// because certificates are set, got redis://, which is not encrypted; write rediss://, or unset them`,
        ]
      : []),
  ];
}
