/** Settings of the migration from a Redis list and channel to webhooks. Part of the table in settings.ts. */
import { ENDPOINT_ID_PATTERN } from "../core/endpoint.ts";
import { REDIS_URL_REMEDY } from "../core/redis-url.ts";
import * as forms from "./forms.ts";
import { redisUrl } from "./redis-url.ts";
import { optionalSetting, setting } from "./setting.ts";

const HOUR_MS = 60 * 60 * 1_000;
/** A Redis key as people name theirs; `{type}` stands for the event's type. */
const busName = (): forms.Form<string> =>
  forms.text("a name without spaces; {type} in it stands for the event's type", /^\S{1,200}$/);

export const migrationSettings = {
  enableRedisFallback: optionalSetting(forms.flag(), {
    variable: "ENABLE_REDIS_FALLBACK",
    doc: "Start with the Redis bus beside webhooks (true: REDIS_FALLBACK_MODE) or without it (false). A process that starts with another value than the last one said switches the whole fleet; `hookwave migration set` does so without a restart (docs/migration.md).",
    remedy: "write true or false",
  }),
  redisFallbackMode: setting(forms.choice(["dual", "primary", "redis"]), "dual", {
    variable: "REDIS_FALLBACK_MODE",
    doc: "The phase that ENABLE_REDIS_FALLBACK=true stands for: both ways at once, the bus for what is late, or the bus alone.",
  }),
  redisFallbackAfterMs: setting(forms.duration(1_000, 24 * HOUR_MS), "60", {
    variable: "REDIS_FALLBACK_AFTER",
    doc: "In phase `primary`, what has not been delivered so long after it was accepted goes to the bus, once.",
    unit: "seconds",
  }),
  redisFallbackShares: setting(forms.shares(), "100", {
    variable: "REDIS_FALLBACK_PERCENT",
    doc: "The share of events that `dual` and `primary` send by webhook; the others go to the bus alone.",
    unit: "per cent",
  }),
  legacyRedisUrl: optionalSetting(redisUrl(), {
    variable: "LEGACY_REDIS_URL",
    doc: "The Redis that holds the bus; REDIS_URL when absent. May hold a password.",
    isSecret: true,
    remedy: REDIS_URL_REMEDY,
  }),
  legacyRedisList: optionalSetting(busName(), {
    variable: "LEGACY_REDIS_LIST",
    doc: "The list that consumers pop from. With neither list nor channel: hokusai:model_ready_queue and its :pubsub.",
    remedy: "for example LEGACY_REDIS_LIST=hokusai:model_ready_queue",
  }),
  legacyRedisChannel: optionalSetting(busName(), {
    variable: "LEGACY_REDIS_CHANNEL",
    doc: "The channel that consumers listen to. Nothing is published where only a list is named.",
    remedy: "for example LEGACY_REDIS_CHANNEL=hokusai:model_ready_queue:pubsub",
  }),
  legacyRedisEnvelope: setting(forms.choice(["hokusai", "none"]), "hokusai", {
    variable: "LEGACY_REDIS_ENVELOPE",
    doc: "How the list's entries are wrapped: in the six members of a hokusai message, or not at all.",
  }),
  legacyRedisEvents: setting(forms.subscriptions(), "model.registered", {
    variable: "LEGACY_REDIS_EVENTS",
    doc: "The event types that the bus gets; no other ever reaches it.",
  }),
  legacyRedisEndpoint: setting(forms.text("an endpoint's id", ENDPOINT_ID_PATTERN), "default", {
    variable: "LEGACY_REDIS_ENDPOINT",
    doc: "The endpoint whose deliveries are compared with the bus, and for which `primary` falls back.",
  }),
  legacyRedisListMax: setting(forms.wholeNumber(1, 100_000_000), "100000", {
    variable: "LEGACY_REDIS_LIST_MAX",
    doc: "Nothing more is pushed onto a list that is so long: its consumers are not reading.",
    unit: "entries",
  }),
};
