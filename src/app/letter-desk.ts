/**
 * Where people look through dead letters and send them again: the letters' queue with its index.
 */
import type { Tell } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import { createDeadLetters, type DeadLetters } from "../queue/dead-letters.ts";
import { createOutbox, type Queues } from "../queue/queues.ts";
import { createResend } from "../queue/resend.ts";
import type { Keys } from "../store/keys.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import type { Redis } from "../store/redis.ts";
import { onError } from "./working.ts";

export interface LetterDesk {
  readonly deadLetters: DeadLetters;
  readonly start: () => void;
}

export interface LetterDeskDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly queues: Queues;
  readonly system: System;
  readonly tell: Tell;
}

export function createLetterDesk(deps: LetterDeskDeps): LetterDesk {
  const { redis, keys, queues, system, tell } = deps;
  const index = createLetterIndex(redis, keys);
  const resend = createResend({ queues, outbox: createOutbox(queues, index, tell) });
  const deadLetters = createDeadLetters({
    queues,
    index,
    resend,
    exist: (names) => Promise.all(names.map((name) => redis.exists(name))),
    now: system.now,
  });

  return {
    deadLetters,
    start: () => {
      deadLetters.reindex().catch(onError(tell, "reindex_letters"));
    },
  };
}
