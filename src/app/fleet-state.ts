/**
 * State that all processes of an installation share, as this one reads and writes it: each part over the same
 * connection.
 */
import type { Config } from "../config/environment.ts";
import { system } from "../config/system.ts";
import type { Tell } from "../core/happening.ts";
import { type ApiKeys, createApiKeys } from "../store/api-keys.ts";
import { createSharedBreakers, type SharedBreakers } from "../store/breakers.ts";
import { createEndpoints, type Endpoints } from "../store/endpoints.ts";
import type { Keys } from "../store/keys.ts";
import type { Redis } from "../store/redis.ts";
import { createSealer } from "../store/sealing.ts";
import { createWaitingIndex, type WaitingDeliveries } from "../store/waiting.ts";

export interface FleetState {
  readonly endpoints: Endpoints;
  readonly breakers: SharedBreakers;
  readonly waiting: WaitingDeliveries;
  readonly apiKeys: ApiKeys;
}

export interface FleetStateDeps {
  readonly config: Config;
  /** Seals secrets. */
  readonly key: Buffer;
  readonly redis: Redis;
  readonly keys: Keys;
  readonly tell: Tell;
}

export function createFleetState({ config, key, redis, keys, tell }: FleetStateDeps): FleetState {
  const sealer = createSealer(key, config.encryptionKeyPrevious);
  return {
    endpoints: createEndpoints(redis, keys, sealer, tell),
    breakers: createSharedBreakers(redis, keys, system.now, tell),
    waiting: createWaitingIndex(redis, keys, config.eventRetentionMs),
    apiKeys: createApiKeys(redis, keys),
  };
}
