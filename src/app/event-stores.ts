/**
 * Opens the way of published events into a shard: one connection for what Redis acknowledges by itself, and one of its own for
 * each level that waits for more, opened when it is first asked for. So the question is asked where the write went.
 */
import type { Config } from "../config/environment.ts";
import type { Durability } from "../core/durability.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import type { IsBeyondAllowance } from "../publish/allowance.ts";
import type { EventStore } from "../publish/batch-writer.ts";
import { enqueueEvents } from "../queue/queues.ts";
import { type ConfirmedLevel, createConfirmation } from "../store/confirmation.ts";
import { createLayout } from "../store/layout.ts";
import { type Redis, untilReady } from "../store/redis.ts";
import { VERSION } from "../wire/version.ts";
import { type OpenShard, openShard, toldBy } from "./shards.ts";

type Levels = Pick<Config, "publishDurability" | "replicasMin">;

interface OpenStore extends EventStore {
  readonly disconnect: () => void;
}

interface Path {
  readonly redis: Redis;
  readonly enqueue: (batch: readonly PublishedEvent[]) => Promise<void>;
}

export function openStore(
  shard: OpenShard,
  levels: Levels,
  isBeyondAllowance: IsBeyondAllowance,
  tell: Tell,
): OpenStore {
  const { redis, queues } = shard;
  const paths = new Map<Durability, Path>([
    ["redis", { redis, enqueue: (batch) => enqueueEvents(queues, batch, isBeyondAllowance(batch)) }],
  ]);
  const openConfirmed = (level: ConfirmedLevel): Path => {
    const own = openShard(shard, "confirmer", toldBy(tell));
    const confirm = createConfirmation(own.redis, level, levels.replicasMin);
    const enqueue: Path["enqueue"] = (batch) =>
      confirm(() => enqueueEvents(own.queues, batch, isBeyondAllowance(batch)));
    return { redis: own.redis, enqueue };
  };
  const pathOf = (level: Durability): Path => {
    const path = paths.get(level) ?? openConfirmed(level === "fsync" ? "fsync" : "replicated");
    paths.set(level, path);
    return path;
  };
  // Connects now, so that the first publish need not wait for it.
  pathOf(levels.publishDurability);
  return {
    enqueue: (batch, level) => pathOf(level).enqueue(batch),
    untilReady: (patienceMs, level) => untilReady(pathOf(level).redis, patienceMs),
    disconnect: () => {
      for (const path of paths.values()) path.redis.disconnect();
    },
  };
}

/** A producer that counts the shards otherwise, and would write into some that nobody works on, is refused before it writes. */
export function insistDivided(home: OpenShard, shards: number): (store: EventStore) => EventStore {
  const layout = createLayout(home.redis, home.keys, shards);
  let isKnown = false;
  const insist = async (patienceMs: number): Promise<void> => {
    await untilReady(home.redis, patienceMs);
    await layout.claim(VERSION);
    isKnown = true;
  };
  return ({ enqueue, untilReady: untilOpen }) => ({
    enqueue,
    untilReady: async (patienceMs, level) => {
      if (!isKnown) await insist(patienceMs);
      await untilOpen(patienceMs, level);
    },
  });
}
