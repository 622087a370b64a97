/** Wires what people read of events: each of it in the shard that has it, or put together from all of them. */
import { system } from "../config/system.ts";
import { mapShards, type Shards } from "../core/shards.ts";
import { createWaitingJobs, waitingJobsOver } from "../queue/waiting-jobs.ts";
import {
  createAttemptHistory,
  createPlacedHistory,
  historyOver,
  type ReadAttempts,
} from "../store/attempt-history.ts";
import {
  createDeliveryPages,
  createPlacedDeliveries,
  type DeliveryPages,
  deliveriesOver,
} from "../store/delivery-pages.ts";
import { createFeed, createPlacedFeed, type Feed, feedOver } from "../store/feed.ts";
import { createLookup, lookupOver } from "../store/lookup.ts";
import { createMinuteCounters, minutesOver } from "../store/minute-counts.ts";
import { createParkedRounds } from "../store/parked-rounds.ts";
import { conflictsOver, createPublishConflicts, isPublished } from "../store/publish-conflicts.ts";
import { createCounted, statisticsOver } from "../store/statistics.ts";
import type { OpenShard } from "./shards.ts";

type Places = Shards<OpenShard>;

export function wireEventReads(shards: Places, retentionMs: number) {
  const published = mapShards(shards, ({ redis, keys }) => createPublishConflicts(redis, keys, retentionMs));
  const counted = shards.all.map(({ redis, keys }) => createCounted(redis, keys));
  return {
    lookup: lookupOver(mapShards(shards, ({ redis, keys }) => createLookup(redis, keys))),
    pages: readDeliveries(shards),
    feed: readFeed(shards),
    readAttempts: readAttempts(shards),
    readStatistics: statisticsOver(counted, system.now).read,
    readMinutes: minutesOver(shards.all.map(({ redis, keys }) => createMinuteCounters(redis, keys))),
    findConflict: conflictsOver(published),
    isPublished: (id: Parameters<typeof isPublished>[2]) => {
      const { redis, keys } = shards.of(id);
      return isPublished(redis, keys, id);
    },
    waitingJobs: waitingJobsOver(
      mapShards(shards, ({ redis, keys, queues }) =>
        createWaitingJobs(queues, redis, createParkedRounds(redis, keys)),
      ),
    ),
  };
}

/** A list of one shard has cursors as it had before there were any. */
const isOne = ({ all }: Places): boolean => all.length === 1;

function readDeliveries(shards: Places): DeliveryPages {
  const [{ redis, keys }] = shards.all;
  if (isOne(shards)) return createDeliveryPages(redis, keys);
  return deliveriesOver(mapShards(shards, (shard) => createPlacedDeliveries(shard.redis, shard.keys)));
}

function readFeed(shards: Places): Feed {
  const [{ redis, keys }] = shards.all;
  if (isOne(shards)) return createFeed(redis, keys);
  return feedOver(mapShards(shards, (shard) => createPlacedFeed(shard.redis, shard.keys)));
}

function readAttempts(shards: Places): ReadAttempts {
  const [{ redis, keys }] = shards.all;
  if (isOne(shards)) return createAttemptHistory(redis, keys);
  return historyOver(shards.all.map((shard) => createPlacedHistory(shard.redis, shard.keys)));
}
