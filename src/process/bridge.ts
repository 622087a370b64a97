/** The bridge as a process: which Redis it reads, and which one the service has. `hookwave bridge` is this. */
import { type BridgeOptions, type OpenBridge, openBridge } from "../app/bridge.ts";
import { HookwaveError } from "../core/errors.ts";
import { shownRedisUrl } from "../core/redis-url.ts";

interface BridgeAsked extends Omit<BridgeOptions, "fromUrl" | "redisUrl"> {
  /** The Redis to read; LEGACY_REDIS_URL, else REDIS_URL, when undefined. */
  readonly fromUrl: string | undefined;
}

interface BridgeProcess extends OpenBridge {
  /** The two addresses as they may be shown. */
  readonly from: string;
  readonly to: string;
}

/** Throws as openBridge does, and CONFIG_INVALID without REDIS_URL: an embedded Redis is its service's alone. */
export async function openBridgeProcess(asked: BridgeAsked): Promise<BridgeProcess> {
  const { redisUrl, legacyRedisUrl } = asked.config;
  if (redisUrl === null) {
    throw new HookwaveError("CONFIG_INVALID", {
      expected: "REDIS_URL, the Redis of the service that is to have the events",
      got: "none",
      remedy: "set it as the service has it",
    });
  }
  const fromUrl = asked.fromUrl ?? legacyRedisUrl ?? redisUrl;
  const bridge = await openBridge({ ...asked, fromUrl, redisUrl });
  return { ...bridge, from: shownRedisUrl(fromUrl), to: shownRedisUrl(redisUrl) };
}
