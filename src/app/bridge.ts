/**
 * Wires the bridge: the list or channel of the legacy bus, a publisher, and the loop between them. It loads what a
 * producer needs, not the rest of the service.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bridge, type BridgeDeps, createBridge } from "../bus/bridge.ts";
import type { BridgeSource } from "../bus/bridge-ports.ts";
import { hasTargetsName, insistNobodyTakes, insistNoLoop } from "../bus/bridge-refusals.ts";
import { busTarget } from "../bus/target.ts";
import type { Config } from "../config/environment.ts";
import { system } from "../config/system.ts";
import type { BridgeOrigin } from "../core/bridge.ts";
import { HookwaveError } from "../core/errors.ts";
import { openChannelSource } from "../store/bridge-channel.ts";
import {
  type BridgeListNames,
  bridgeListNames,
  openListSource,
  otherProcessingLists,
} from "../store/bridge-list.ts";
import { connectRedis, type Redis, untilReady } from "../store/redis.ts";
import { busPlaceAt } from "../store/redis-place.ts";
import { identityOf } from "../store/server-identity.ts";
import { createPublisher } from "./publishing.ts";

export interface BridgeOptions {
  readonly origin: BridgeOrigin;
  /** The Redis that the origin is on. */
  readonly fromUrl: string;
  /** The Redis of the service. */
  readonly redisUrl: string;
  /** The name that tells this bridge's processing list from others'; the same after a restart. */
  readonly name: string;
  readonly config: Config;
  readonly tell: BridgeDeps["tell"];
}

export interface OpenBridge extends Bridge {
  /** To be called once it has ended. */
  readonly close: () => Promise<void>;
}

/**
 * Ready to run. Throws REDIS_UNAVAILABLE when the Redis to read from does not answer within two seconds, CONFIG_INVALID,
 * BRIDGE_LOOP and LIST_IN_USE for what it refuses; then nothing is left open.
 */
export async function openBridge(options: BridgeOptions): Promise<OpenBridge> {
  const { origin, fromUrl, redisUrl, config, tell } = options;
  const { prefix, shards, publishDurability: durability, replicasMin } = config;
  const { redisTlsCa, redisTlsCert, redisTlsKey } = config;
  // A confirmer repeats nothing behind our back, and waits longer for its answer than a list is waited for.
  const redis = connectRedis(
    busPlaceAt(fromUrl, config),
    origin.kind === "list" ? "confirmer" : "watcher",
    () => undefined,
  );
  try {
    await untilReady(redis, PATIENCE_MS).catch((cause: unknown) => {
      throw sourceUnavailable(cause);
    });
    await refuseLoop(options, redis);
    const source = await openSource(options, redis);
    // The bridge tells of what is refused itself.
    const publisher = createPublisher({
      ...{ redisUrl, redisTlsCa, redisTlsCert, redisTlsKey },
      ...{ prefix, shards, durability, replicasMin, logger: false },
    });
    const { type } = origin;
    const publish: BridgeDeps["publish"] = async (event) => {
      await publisher.publish({ ...event, type });
    };
    return {
      ...createBridge({ source, publish, tell, pause }),
      close: async () => {
        source.finish();
        redis.disconnect();
        await publisher.close();
      },
    };
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

const PATIENCE_MS = 2_000;

function sourceUnavailable(cause: unknown): HookwaveError {
  const complaint = {
    expected: "an answer from the Redis that is to be read",
    got: cause instanceof HookwaveError ? cause.got : "none",
    remedy: "check that it runs, and --from or LEGACY_REDIS_URL",
  };
  return new HookwaveError("REDIS_UNAVAILABLE", complaint, { cause });
}

async function openSource({ origin, name }: BridgeOptions, redis: Redis): Promise<BridgeSource> {
  if (origin.kind === "channel") return await openChannelSource(redis, origin.name, system.monotonicMs);
  const names = bridgeListNames(origin.name, name);
  await insistLists(redis, names);
  await insistNobodyTakes(origin.name, otherProcessingLists(redis, names), (ms) => sleep(ms));
  return openListSource(redis, names);
}

/** A stream or a hash of that name would be asked in vain for ever. */
async function insistLists(redis: Redis, names: BridgeListNames): Promise<void> {
  for (const name of Object.values(names)) {
    const type = await redis.type(name);
    if (["list", "none"].includes(type)) continue;
    throw new HookwaveError("CONFIG_INVALID", {
      expected: `${JSON.stringify(name)} to be a list, or nothing yet`,
      got: `a ${type}`,
      remedy: "name the list that the service pushes to",
    });
  }
}

/** Asks the servers who they are only where the names leave a doubt. */
async function refuseLoop({ origin, redisUrl, config }: BridgeOptions, redis: Redis): Promise<void> {
  if (!hasTargetsName(origin, busTarget(config))) return;
  const place = busPlaceAt(config.legacyRedisUrl ?? redisUrl, config);
  const target = connectRedis(place, "confirmer", () => undefined);
  try {
    await untilReady(target, PATIENCE_MS);
    insistNoLoop(origin, await identityOf(redis), await identityOf(target));
  } finally {
    target.disconnect();
  }
}

const pause: BridgeDeps["pause"] = (ms, stop) =>
  sleep(ms, undefined, { signal: stop }).catch(() => undefined);
