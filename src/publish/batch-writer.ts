/**
 * The writer of one durability's events: batched, within a deadline (trap 8: a producer never hangs). Batching happens
 * by itself: while one write is under way, what else is published collects for the next; and what has been refused
 * meanwhile is not kept. Levels do not share batches: who asks for little must not wait for more.
 */
import type { Durability } from "../core/durability.ts";
import { HookwaveError, summarise } from "../core/errors.ts";
import type { PublishedEvent } from "../core/event.ts";
import { createGroupCommit, type GroupCommit } from "../core/group-commit.ts";
import type { Tell } from "../core/happening.ts";

/** The way into one shard. */
export interface EventStore {
  /** Resolves once the batch is one job that is as durable as asked; rejects with DURABILITY_UNMET when it is less. */
  readonly enqueue: (batch: readonly PublishedEvent[], durability: Durability) => Promise<void>;
  /** Resolves when there is a connection for such writes; rejects at once when it is known to be down. */
  readonly untilReady: (patienceMs: number, durability: Durability) => Promise<void>;
}

const BATCHES_IN_FLIGHT = 4;
const BATCH_EVENTS = 64;
const BATCH_BYTES = 512 * 1_024;

interface Limits {
  /** The time after which a caller is refused, with some left for the way back. */
  readonly deadlineMs: number;
  /** Time the first connection may take besides, where the deadline is too short for it. */
  readonly connectMs: number;
  /** So that Redis has work while the next long list is being prepared. */
  readonly fullBatchesInFlight: number;
  /** Few enough to be stored well within the deadline, so that a long list is no reason to be refused. */
  readonly storedTogether: number;
}

/** Redis waits up to a second before it writes to its disk, so what waits for that goes in larger steps. */
const LIMITS: Readonly<Record<Durability, Limits>> = {
  redis: {
    deadlineMs: 900,
    connectMs: 0,
    fullBatchesInFlight: 12,
    storedTogether: 2_048,
  },
  replicated: {
    deadlineMs: 250,
    connectMs: 900,
    fullBatchesInFlight: 12,
    storedTogether: 512,
  },
  fsync: {
    deadlineMs: 2_400,
    connectMs: 0,
    fullBatchesInFlight: 32,
    storedTogether: 2_048,
  },
};

interface BatchWriter {
  /** Resolves once all are stored as safely as its level promises; rejects with REDIS_UNAVAILABLE or DURABILITY_UNMET. */
  readonly store: (events: readonly PublishedEvent[]) => Promise<void>;
  /** Resolves when nothing is being written. */
  readonly idle: () => Promise<void>;
}

export function openBatchWriter(
  level: Durability,
  { enqueue, untilReady }: EventStore,
  tell: Tell,
): BatchWriter {
  const { deadlineMs, connectMs, fullBatchesInFlight, storedTogether } = LIMITS[level];
  const batches = createGroupCommit<PublishedEvent>({
    write: async (batch) => {
      await untilReady(deadlineMs, level);
      await enqueue(batch, level);
      tell({ kind: "events.published", count: batch.length });
    },
    maxItems: BATCH_EVENTS,
    maxWrites: BATCHES_IN_FLIGHT,
    maxFullWrites: fullBatchesInFlight,
    maxSize: BATCH_BYTES,
    sizeOf: ({ data, legacy }) => data.length + (legacy?.data?.length ?? 0),
  });
  return {
    store: async (events) => {
      if (connectMs > 0) await untilReady(connectMs, level);
      for (let at = 0; at < events.length; at += storedTogether) {
        await storeInTime(events.slice(at, at + storedTogether), batches, level);
      }
    },
    idle: batches.idle,
  };
}

/**
 * Together within one deadline: a timer for each of a thousand events would cost more than storing them. What was
 * being written then may still be stored; what was waiting is let go, or an outage would fill the memory with it.
 */
async function storeInTime(
  events: readonly PublishedEvent[],
  batches: GroupCommit<PublishedEvent>,
  level: Durability,
): Promise<void> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(noAnswer(level)), LIMITS[level].deadlineMs);
  try {
    await Promise.race([Promise.all(events.map(batches.add)), tooLate.promise]);
  } catch (cause) {
    batches.withdraw(new Set(events), cause);
    throw refusal(cause, events);
  } finally {
    clearTimeout(timer);
  }
}

function noAnswer(level: Durability): HookwaveError {
  const got = `none within ${LIMITS[level].deadlineMs} ms`;
  if (level === "redis") return notStored(got);
  return new HookwaveError("DURABILITY_UNMET", {
    expected: `an acknowledgement as durable as "${level}"`,
    got,
    remedy: "look after Redis, its replicas and its disk",
  });
}

/** As every caller gets it, with the ids that it has to publish again. */
function refusal(cause: unknown, events: readonly PublishedEvent[]): HookwaveError {
  const known =
    cause instanceof HookwaveError ? cause : notStored(summarise(cause).message.slice(0, 200), cause);
  if (known.code !== "REDIS_UNAVAILABLE" && known.code !== "DURABILITY_UNMET") return known;
  const ids = events.length === 1 ? `id "${events[0]?.id}", which stays` : "ids of your own, which stay";
  const remedy = `${known.remedy}; then publish again with ${ids} harmless if it was stored after all`;
  const { code, expected, got } = known;
  return new HookwaveError(code, { expected, got, remedy }, { cause });
}

function notStored(got: string, cause?: unknown): HookwaveError {
  const complaint = { expected: "an acknowledgement from Redis", got, remedy: "check Redis" };
  return new HookwaveError("REDIS_UNAVAILABLE", complaint, { cause });
}
