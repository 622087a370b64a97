/** Questions and writes of the service that concern events of any shard: each goes where its event lies, or to all of them. */
import type { KeptEvent } from "../bus/ports.ts";
import type { Config } from "../config/environment.ts";
import { system } from "../config/system.ts";
import type { EventId } from "../core/brand.ts";
import type { Tell } from "../core/happening.ts";
import { type QueueCounts, sumOfCounts } from "../core/queue-counts.ts";
import { byShard, mapShards, type Shards } from "../core/shards.ts";
import type { EventLedger } from "../deliver/ports.ts";
import { countQueues } from "../queue/queue-counts.ts";
import { enqueueKept } from "../queue/queues.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import { createParkedRounds } from "../store/parked-rounds.ts";
import { type OpenShard, type OpenShards, withHome } from "./shards.ts";

/** Events that were kept aside, each into its shard. Some may be away, which is told; resolves with those that are stored. */
export async function enqueueWhereTaken(
  shards: Shards<Pick<OpenShard, "queues">>,
  kept: readonly KeptEvent[],
  fail: (error: unknown) => void,
): Promise<ReadonlySet<EventId>> {
  const parts = [...byShard(shards, kept, ({ event }) => event.id)];
  const stored = parts.map(async ([{ queues }, own]) => {
    await enqueueKept(queues, own);
    return own.map(({ event }) => event.id);
  });
  return new Set((await answersThatCame(stored, fail)).flat());
}

/** The answers that came; the first failure is told. */
export async function answersThatCame<Answer>(
  asked: readonly Promise<Answer>[],
  fail: (error: unknown) => void,
): Promise<readonly Answer[]> {
  const settled = await Promise.allSettled(asked);
  const failure = settled.find((one) => one.status === "rejected");
  if (failure !== undefined) fail(failure.reason);
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

/** The state of a delivery, from the ledger that has its event. */
export function stateOfShards({ config, shards, tell }: Ledgers): EventLedger["stateOf"] {
  const ledgers = mapShards(shards, ({ redis, keys }) =>
    createEventLedger(redis, keys, config.eventRetentionMs, tell),
  );
  return (delivery) => ledgers.of(delivery.event.id).stateOf(delivery);
}

/** Of all of them together. */
export function countQueuesOf(opened: OpenShards): () => Promise<QueueCounts> {
  const count = ({ redis, keys, queues }: OpenShard): Promise<QueueCounts> =>
    countQueues(queues, redis, createParkedRounds(redis, keys), system.now());
  return async () => {
    const [first, ...others] = withHome(opened);
    return sumOfCounts([await count(first), ...(await Promise.all(others.map(count)))]);
  };
}

interface Ledgers {
  readonly config: Pick<Config, "eventRetentionMs">;
  readonly shards: Shards<OpenShard>;
  readonly tell: Tell;
}
