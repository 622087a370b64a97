/** The bus as the settings name it: where it is, what it is called for each event type, and how entries are wrapped. */
import { subscriptionCovers } from "../core/event.ts";
import type { Shares, Start } from "../core/migration.ts";

/** The names of the service whose bus this was, for settings that name neither list nor channel. */
const LIST = "hokusai:model_ready_queue";
const CHANNEL = `${LIST}:pubsub`;

export interface BusSettings {
  readonly legacyRedisList: string | null;
  readonly legacyRedisChannel: string | null;
  readonly legacyRedisEnvelope: "hokusai" | "none";
  readonly legacyRedisEvents: readonly string[];
  readonly legacyRedisListMax: number;
}

export interface BusTarget {
  /** The list of an event type; null where there is none. */
  readonly listOf: (type: string) => string | null;
  readonly channelOf: (type: string) => string | null;
  readonly envelope: "hokusai" | "none";
  readonly listMax: number;
  /** True when events of this type may reach the bus. */
  readonly takes: (type: string) => boolean;
}

export function busTarget(settings: BusSettings): BusTarget {
  const { legacyRedisList: list, legacyRedisChannel: channel, legacyRedisEvents } = settings;
  const isUnnamed = list === null && channel === null;
  const named = (name: string | null) => (type: string) => name?.replaceAll("{type}", type) ?? null;
  return {
    listOf: named(isUnnamed ? LIST : list),
    channelOf: named(isUnnamed ? CHANNEL : channel),
    envelope: settings.legacyRedisEnvelope,
    listMax: settings.legacyRedisListMax,
    takes: (type) => legacyRedisEvents.some((one) => subscriptionCovers(one, type)),
  };
}

export interface StartSettings {
  readonly enableRedisFallback: boolean | null;
  readonly redisFallbackMode: "dual" | "primary" | "redis";
  readonly redisFallbackShares: Shares;
}

/** The beginning that the environment asks for; null where it does not say whether there is to be a bus. */
export function startOf(settings: StartSettings): Start | null {
  const { enableRedisFallback: isEnabled, redisFallbackMode, redisFallbackShares: shares } = settings;
  return isEnabled === null ? null : { phase: isEnabled ? redisFallbackMode : "webhook", shares };
}
