/** Wires the management of the migration: its switch, its evidence, and the count of what is missing for the metrics. */
import { busTarget } from "../bus/target.ts";
import { system } from "../config/system.ts";
import { asEndpointId } from "../core/brand.ts";
import { createMigrationManagement, lookAtBus, type MigrationManagement } from "../manage/migration.ts";
import { countMissing, createMigrationReport } from "../manage/migration-report.ts";
import { createMigrationCounter } from "../store/migration-counts.ts";
import { createParityStore } from "../store/parity.ts";
import { createShelf } from "../store/shelf.ts";
import type { Ground } from "./fleet-state.ts";
import { stateOfShards } from "./over-shards.ts";
import type { Publishing } from "./publishing.ts";

interface WiredMigration {
  readonly management: MigrationManagement;
  /** Events that one of the ways has been owed for too long. */
  readonly readMissing: () => Promise<number>;
}

export function wireMigration(ground: Ground & Publishing): WiredMigration {
  const { config, redis, keys, tell, migration, busLink } = ground;
  const isBusApart = config.legacyRedisUrl !== null && config.legacyRedisUrl !== config.redisUrl;
  const { now } = system;
  const backlog = createShelf(redis, keys, "backlog");
  const books = {
    parity: createParityStore(redis, keys, config.eventRetentionMs, now),
    late: createShelf(redis, keys, "late"),
    fallback: createShelf(redis, keys, "fallback"),
    stateOf: stateOfShards(ground),
    endpointId: asEndpointId(config.legacyRedisEndpoint),
  };
  const windowMs = config.redisFallbackAfterMs;
  const parts = { target: busTarget(config), eventTypes: config.legacyRedisEvents, busLink };
  const report = createMigrationReport({
    migration,
    counter: createMigrationCounter(redis, keys, now, tell),
    ...books,
    lookAtBus: () => lookAtBus(parts),
    windowMs,
    now,
  });
  return {
    management: createMigrationManagement({
      ...parts,
      ...books,
      isBusApart,
      migration,
      backlog,
      report,
      now,
    }),
    readMissing: () => countMissing(now() - windowMs, books),
  };
}
