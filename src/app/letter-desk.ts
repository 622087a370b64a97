/**
 * Where people look through dead letters and send them again, one or many: the letters' queue with its index, and
 * the replays with what runs them. A started process runs replays if it delivers.
 */
import type { Config } from "../config/environment.ts";
import type { Tell } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import { createDeadLetters, type DeadLetters } from "../queue/dead-letters.ts";
import { createOutbox, type Outbox, type Queues } from "../queue/queues.ts";
import { createReplayRunner } from "../queue/replay-runner.ts";
import { createReplays, type Replays } from "../queue/replays.ts";
import { createResend } from "../queue/resend.ts";
import { type Endpoints, endpointUnknown } from "../store/endpoints.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import type { Keys } from "../store/keys.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import type { Redis } from "../store/redis.ts";
import { createReplayBook } from "../store/replays.ts";
import type { WaitingIndex } from "../store/waiting.ts";
import { onError } from "./working.ts";

export interface ReplayDesk extends Replays {
  /** Works on it in this process, unless another one does already. */
  readonly attend: (id: string) => void;
}

export interface LetterDesk {
  readonly deadLetters: DeadLetters;
  readonly replays: ReplayDesk;
  readonly outbox: Outbox;
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

export interface LetterDeskDeps {
  readonly config: Config;
  readonly redis: Redis;
  readonly keys: Keys;
  readonly queues: Queues;
  readonly endpoints: Endpoints;
  readonly waiting: WaitingIndex;
  readonly system: System;
  readonly tell: Tell;
}

export function createLetterDesk(deps: LetterDeskDeps): LetterDesk {
  const { config, redis, keys, queues, endpoints, system, tell } = deps;
  const index = createLetterIndex(redis, keys);
  const { stateOf } = createEventLedger(redis, keys, config.eventRetentionMs, tell);
  const outbox = createOutbox(queues, index, tell);
  const readFields = (key: string, ...fields: string[]): Promise<readonly (string | null)[]> =>
    redis.hmget(key, ...fields);
  const resend = createResend({ queues, readFields, outbox, waiting: deps.waiting, stateOf });
  const deadLetters = createDeadLetters({
    queues,
    readFields,
    index,
    resend,
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
  const runner = createReplayRunner({ book, index, resend, tell, system });

  return {
    deadLetters,
    outbox,
    replays: { ...replays, attend: runner.attend },
    start: () => {
      deadLetters.reindex().catch(onError(tell, "reindex_letters"));
      if (config.role !== "api") runner.start();
    },
    stop: runner.stop,
  };
}
