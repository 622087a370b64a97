/**
 * The list that a bridge takes over. Its own processing list is the only truth about what is in work: each round reads
 * it again, so that a move whose answer was lost, or a bridge that was killed, leaves nothing lying there.
 */
import type { BridgeSource, BusMessage, LookAtOthers } from "../bus/bridge-ports.ts";
import { answersOf } from "./answers.ts";
import type { Redis } from "./redis.ts";

export interface BridgeListNames {
  readonly list: string;
  /** The bridge's, which keeps what it has in work; the same after a restart. */
  readonly processing: string;
  readonly deadLetters: string;
}

export function bridgeListNames(list: string, bridgeName: string): BridgeListNames {
  return { list, processing: `${list}:processing:${bridgeName}`, deadLetters: `${list}:dlq` };
}

/** Consumers pop from the right, so the oldest message is there. `redis` must answer later than a take waits. */
export function openListSource(
  redis: Redis,
  { list, processing, deadLetters }: BridgeListNames,
): BridgeSource {
  let [waiting, isFinishing] = [0, false];

  const inWork = async (max: number): Promise<readonly BusMessage[]> =>
    (await redis.lrangeBuffer(processing, -max, -1)).toReversed();

  const moveSome = async (max: number, waitMs: number): Promise<void> => {
    const moves = Math.min(max, await redis.llen(list));
    if (moves === 0) {
      await redis.blmove(list, processing, "RIGHT", "LEFT", waitMs / 1_000);
      return;
    }
    const pipeline = redis.pipeline();
    for (let move = 0; move < moves; move += 1) pipeline.lmove(list, processing, "RIGHT", "LEFT");
    await answersOf(pipeline.exec());
  };

  return {
    take: async (max, waitMs) => {
      let messages = await inWork(max);
      if (messages.length === 0 && !isFinishing) {
        await moveSome(max, waitMs);
        messages = await inWork(max);
      }
      waiting = messages.length;
      return messages;
    },
    remove: async (messages) => {
      if (messages.length === 0) return;
      const pipeline = redis.pipeline();
      for (const message of messages) pipeline.lrem(processing, -1, message);
      await answersOf(pipeline.exec());
      waiting -= messages.length;
    },
    bury: async (message) => {
      await answersOf(redis.multi().lpush(deadLetters, message).lrem(processing, -1, message).exec());
      waiting -= 1;
    },
    finish: () => {
      isFinishing = true;
    },
    standing: () => ({ waiting, dropped: 0, disconnectedMs: 0, isDeaf: false }),
  };
}

/** A keyspace so small that it can be searched at each look. */
const SMALL_KEYSPACE = 10_000;

/** Looks at the processing lists of all other consumers of the list, whatever they are called after `:processing`. */
export function otherProcessingLists(redis: Redis, { list, processing }: BridgeListNames): LookAtOthers {
  const beginning = `${list}:processing`;
  let known: readonly string[] | null = null;
  return async () => {
    // A large one is searched once: somebody else's production pays for it.
    if (known === null || (await redis.dbsize()) < SMALL_KEYSPACE)
      known = (await listsLike(redis, beginning)).filter((name) => name !== processing);
    return new Map(await Promise.all(known.map(async (name) => [name, await stateOf(redis, name)] as const)));
  };
}

async function listsLike(redis: Redis, beginning: string): Promise<readonly string[]> {
  const pattern = `${beginning.replace(/[\\*?[\]^-]/g, "\\$&")}*`;
  const found = new Set<string>([beginning]);
  let cursor = "0";
  do {
    const [next, names] = await redis.scan(cursor, "MATCH", pattern, "COUNT", 1_000, "TYPE", "list");
    for (const name of names) found.add(name);
    cursor = next;
  } while (cursor !== "0");
  return [...found];
}

/** Its length and both ends: a consumer that works adds on one side and removes on the other. */
async function stateOf(redis: Redis, name: string): Promise<string> {
  const [length, first, last] = await Promise.all([
    redis.llen(name),
    redis.lindex(name, 0),
    redis.lindex(name, -1),
  ]);
  return JSON.stringify([length, first, last]);
}
