/**
 * Wires the dead letters: their queue with its index, and replays with their runner. A delivering process starts that, and
 * the sweep through what is shown as waiting.
 */
import { system } from "../config/system.ts";
import type { EndpointId } from "../core/brand.ts";
import { tellFailure } from "../core/happening.ts";
import { mapShards } from "../core/shards.ts";
import { createShardLetters } from "../queue/dead-letters.ts";
import { deadLettersOver, replayOver } from "../queue/letters-over.ts";
import { createOutbox, outboxOver } from "../queue/outbox.ts";
import { createLetterReplay } from "../queue/replay-letter.ts";
import { createReplayRunner } from "../queue/replay-runner.ts";
import { createReplays } from "../queue/replays.ts";
import { createWaitingSweep } from "../queue/waiting-sweep.ts";
import { createBurial } from "../store/burial.ts";
import { readIncarnation } from "../store/endpoint-outlines.ts";
import { endpointUnknown } from "../store/endpoints.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import { lettersOver } from "../store/letters-over.ts";
import { bookApart, createReplayBook } from "../store/replays.ts";
import { createWaitingEntries } from "../store/waiting-entries.ts";
import type { FleetState } from "./fleet-state.ts";
import { stateOfShards } from "./over-shards.ts";
import type { OpenShard } from "./shards.ts";

export function wireDeadLetters(fleet: FleetState) {
  const { config, redis, keys, shards, endpoints, tell } = fleet;
  const { index, outbox, deadLetters, replayLetter } = lettersOf(fleet);
  const kept = createReplayBook(redis, keys, config.eventRetentionMs);
  const book = shards.all.length === 1 ? kept : bookApart(kept, index);
  const replays = createReplays({
    book,
    index,
    insistOnEndpoint: async (id) => {
      await endpoints.reload(id);
      if (endpoints.get(id) === undefined) throw endpointUnknown(id);
    },
    system,
  });
  const sweeps = shards.all.map((shard) =>
    createWaitingSweep({
      entries: createWaitingEntries(shard.redis, shard.keys),
      queues: shard.queues,
      redis: shard.redis,
      endpointIds: () => endpoints.all().map(({ id }) => id),
      fail: tellFailure(tell, "sweep_waiting"),
    }),
  );
  const runner = createReplayRunner({ book, index, replayLetter, tell, system });

  return {
    deadLetters,
    outbox,
    replays: { ...replays, attend: runner.attend },
    start: () => {
      deadLetters.reindex().catch(tellFailure(tell, "reindex_letters"));
      if (config.role === "api") return;
      runner.start();
      for (const sweep of sweeps) sweep.start();
    },
    stop: async () => {
      for (const sweep of sweeps) sweep.stop();
      await runner.stop();
    },
  };
}

/** Those of all shards as one. */
function lettersOf(fleet: FleetState) {
  const { shards } = fleet;
  const stateOf = stateOfShards(fleet);
  const parts = mapShards(shards, (shard) => lettersIn(shard, fleet, stateOf));
  const [first, ...others] = parts.all;
  if (others.length === 0) return { ...first, ...first.letters };
  const all = [first.letters, ...others.map(({ letters }) => letters)] as const;
  const index = lettersOver(mapShards(parts, (part) => part.index));
  return {
    index,
    outbox: outboxOver(mapShards(parts, (part) => part.outbox)),
    deadLetters: deadLettersOver(all, index),
    replayLetter: replayOver(all),
  };
}

function lettersIn(
  { redis, keys, queues }: OpenShard,
  fleet: FleetState,
  stateOf: ReturnType<typeof stateOfShards>,
) {
  const { config, endpoints, waiting, tell } = fleet;
  const index = createLetterIndex(redis, keys);
  const isHeard = () => endpoints.isHeard("delivery.dead_lettered");
  const { eventRetentionMs: retentionMs } = config;
  const buryDelivery = createBurial({ redis, keys, retentionMs, system, tell, isHeard });
  const outbox = createOutbox({ queues, letters: index, buryDelivery, tell });
  // A process that replays need not have the key that opens what it replays to.
  const findEndpoint = (id: EndpointId) => readIncarnation(fleet.redis, fleet.keys, id);
  const replayLetter = createLetterReplay({ queues, redis, outbox, waiting, stateOf, findEndpoint });
  const letters = createShardLetters({ queues, redis, index, replayLetter, now: system.now });
  return { index, outbox, letters };
}
