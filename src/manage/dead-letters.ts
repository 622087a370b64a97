/**
 * Management of dead letters: looking through them, sending them again, one or many, and removing them. It puts
 * together the letters' queue with its index, and the replays with their runner. A started process runs replays if it
 * delivers.
 */
import type { Config } from "../config/environment.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import type { Outbox, WaitingIndex } from "../deliver/ports.ts";
import { createDeadLetters, type DeadLetters } from "../queue/dead-letters.ts";
import { createOutbox, type Queues } from "../queue/queues.ts";
import { createLetterReplay } from "../queue/replay-letter.ts";
import { createReplayRunner } from "../queue/replay-runner.ts";
import { createReplays, type Replays } from "../queue/replays.ts";
import { type Endpoints, endpointUnknown } from "../store/endpoints.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import type { Keys } from "../store/keys.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import type { Redis } from "../store/redis.ts";
import { createReplayBook } from "../store/replays.ts";
import { createStatistics } from "../store/statistics.ts";

/** Without what only a starting process does. */
export type DeadLetterManagement = Omit<DeadLetters, "reindex">;

export interface ReplayManagement extends Replays {
  /** Works on it in this process, unless another one does already. */
  readonly attend: (id: string) => void;
}

export interface DeadLetterParts {
  readonly deadLetters: DeadLetters;
  readonly replays: ReplayManagement;
  readonly outbox: Outbox;
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

export interface DeadLetterDeps {
  readonly config: Config;
  readonly redis: Redis;
  readonly keys: Keys;
  readonly queues: Queues;
  readonly endpoints: Endpoints;
  readonly waiting: WaitingIndex;
  readonly system: System;
  readonly tell: Tell;
}

export function createDeadLetterManagement(deps: DeadLetterDeps): DeadLetterParts {
  const { config, redis, keys, queues, endpoints, system, tell } = deps;
  const index = createLetterIndex(redis, keys);
  const { stateOf } = createEventLedger(redis, keys, config.eventRetentionMs, tell);
  const { countBuried } = createStatistics(redis, keys, system.now);
  const outbox = createOutbox({ queues, letters: index, countBuried, tell });
  const readFields = (key: string, ...fields: string[]): Promise<readonly (string | null)[]> =>
    redis.hmget(key, ...fields);
  const replayLetter = createLetterReplay({ queues, readFields, outbox, waiting: deps.waiting, stateOf });
  const deadLetters = createDeadLetters({
    queues,
    readFields,
    index,
    replayLetter,
    exist: (names) => Promise.all(names.map((name) => redis.exists(name))),
    now: system.now,
  });

  const book = createReplayBook(redis, keys, config.eventRetentionMs);
  const replays = createReplays({
    book,
    index,
    insistOnEndpoint: async (id) => {
      await endpoints.reload(id);
      if (endpoints.get(id) === undefined) throw endpointUnknown(id);
    },
    system,
  });
  const runner = createReplayRunner({ book, index, replayLetter, tell, system });

  return {
    deadLetters,
    outbox,
    replays: { ...replays, attend: runner.attend },
    start: () => {
      deadLetters.reindex().catch(tellFailure(tell, "reindex_letters"));
      if (config.role !== "api") runner.start();
    },
    stop: runner.stop,
  };
}
