/**
 * An ear on the legacy bus: one more consumer of its channels, for a witness that trusts nothing of our own. What is said
 * while it has no connection is heard by nobody here, so it tells how often that was.
 */
import { type BusSettings, busTarget } from "../bus/target.ts";
import { HookwaveError, summarise } from "../core/errors.ts";
import { connectRedis, type Redis, untilReady } from "../store/redis.ts";
import { busPlaceAt, type PlaceSettings } from "../store/redis-place.ts";

interface BusEarOptions {
  readonly url: string;
  readonly settings: BusSettings & PlaceSettings;
  readonly hear: (text: string) => void;
}

export interface BusEar {
  readonly channels: readonly string[];
  readonly isListening: () => boolean;
  /** Times that it was listening and lost its connection. */
  readonly losses: () => number;
  readonly close: () => void;
}

const PATIENCE_MS = 5_000;
const PING_MS = 1_000;

/** The channels of the types that the bus takes; a family with `{type}` in the name has a pattern. None: no channel. */
export function channelsOf(settings: BusSettings): readonly string[] {
  const { channelOf } = busTarget(settings);
  return [...new Set(settings.legacyRedisEvents.flatMap((type) => channelOf(type) ?? []))];
}

/** Resolves when it listens. Throws BUS_UNAVAILABLE. */
export async function openBusEar({ url, settings, hear }: BusEarOptions): Promise<BusEar> {
  const channels = channelsOf(settings);
  const redis = connectRedis(busPlaceAt(url, settings), "watcher", () => undefined);
  let [isListening, losses] = [false, 0];
  redis.on("message", (_channel: string, text: string) => hear(text));
  redis.on("pmessage", (_pattern: string, _channel: string, text: string) => hear(text));
  redis.on("close", () => {
    if (isListening) losses += 1;
    isListening = false;
  });
  const listen = async (): Promise<void> => {
    await subscribe(redis, channels);
    isListening = true;
  };
  // A connection that only listens would never learn that it is dead.
  const pinging = setInterval(() => {
    if (redis.status === "ready") redis.ping().catch(() => undefined);
  }, PING_MS);
  const close = (): void => {
    clearInterval(pinging);
    redis.disconnect();
  };
  try {
    await untilReady(redis, PATIENCE_MS);
    await listen();
  } catch (cause) {
    close();
    throw deaf(cause);
  }
  redis.on("ready", () => void listen().catch(() => undefined));
  return { channels, isListening: () => isListening, losses: () => losses, close };
}

async function subscribe(redis: Redis, channels: readonly string[]): Promise<void> {
  const patterns = channels.filter((channel) => channel.includes("*"));
  const names = channels.filter((channel) => !channel.includes("*"));
  if (names.length > 0) await redis.subscribe(...names);
  if (patterns.length > 0) await redis.psubscribe(...patterns);
}

function deaf(cause: unknown): HookwaveError {
  const got = cause instanceof HookwaveError ? cause.got : summarise(cause).message;
  const complaint = {
    expected: "to listen to the channel of the legacy bus",
    got: got.slice(0, 300),
    remedy: "check LEGACY_REDIS_URL and its permissions, or name the Redis with --from",
  };
  return new HookwaveError("BUS_UNAVAILABLE", complaint, { cause });
}
