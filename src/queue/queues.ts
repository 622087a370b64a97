/**
 * The writing side of the three queues: events in, deliveries that need their own clock, dead letters. Every
 * write that may be repeated has a job id of its own making, because `addBulk` is a pipeline and not a
 * transaction: doing it twice must do it once.
 */
import { type ConnectionOptions, Queue } from "bullmq";
import type { EndpointId } from "../core/brand.ts";
import { type DeadLetter, type Delivery, deliveryId } from "../core/delivery.ts";
import type { EventsBatch, PublishedEvent } from "../core/event.ts";
import { createGroupCommit } from "../core/group-commit.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { summaryOf } from "../core/letter.ts";
import type { Outbox } from "../deliver/ports.ts";
import { type DeliveryJob, deliveryJob, storedLetter } from "./delivery-job.ts";
import { type EventsJob, eventsJob } from "./events-job.ts";
import {
  DEAD_LETTERS_QUEUE,
  DELIVERIES_QUEUE,
  deadLetterId,
  deliveryJobIds,
  deliveryLetterIds,
  EVENTS_QUEUE,
  roundOf,
  splitJobId,
} from "./names.ts";
import type { LetterIndex } from "./ports.ts";

export interface Queues {
  readonly events: Queue<EventsJob>;
  readonly deliveries: Queue<DeliveryJob>;
  readonly deadLetters: Queue<DeadLetter>;
  readonly close: () => Promise<void>;
}

/** A job whose work is done is not kept: what happened is in our own records (trap 17). */
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: false, attempts: 1 } as const;

export function openQueues(
  connection: ConnectionOptions,
  prefix: string,
  onError: (error: Error) => void,
): Queues {
  const open = <Data>(name: string): Queue<Data> => {
    const queue = new Queue<Data>(name, {
      connection,
      prefix,
      // Fails at once when Redis is away, instead of waiting for it without an end (trap 8); so it may not ask
      // anything of Redis at birth either. What version it is, redis-safety.ts asks.
      skipWaitingForReady: true,
      skipVersionCheck: true,
      skipMetasUpdate: true,
      defaultJobOptions: JOB_OPTIONS,
    });
    queue.on("error", onError);
    return queue;
  };
  const events = open<EventsJob>(EVENTS_QUEUE);
  const deliveries = open<DeliveryJob>(DELIVERIES_QUEUE);
  const deadLetters = open<DeadLetter>(DEAD_LETTERS_QUEUE);
  return {
    events,
    deliveries,
    deadLetters,
    close: async () => {
      await Promise.all([events.close(), deliveries.close(), deadLetters.close()]);
    },
  };
}

/** Stores published events as one durable job. */
export async function enqueueEvents(queues: Queues, events: readonly PublishedEvent[]): Promise<void> {
  await queues.events.add("events", eventsJob(events));
}

/**
 * Stores events of an earlier job once more. It stays the one that claims them, and the time at which they were
 * accepted stays the same: by it is told who is owed them.
 */
export async function enqueueEventsAgain(
  queues: Queues,
  { events, holder, acceptedAt }: EventsBatch,
): Promise<void> {
  await queues.events.add("events", { ...eventsJob(events), holder, acceptedAt });
}

/** Gives each event of a job that keeps crashing a job of its own, so that only the guilty one is buried. */
export async function splitEvents(
  queues: Queues,
  { events, holder, acceptedAt }: EventsBatch,
  crashes: number,
): Promise<void> {
  await queues.events.addBulk(
    events.map((event) => ({
      name: "events",
      data: { ...eventsJob([event]), holder, acceptedAt, crashes },
      opts: { jobId: splitJobId(holder, event.id) },
    })),
  );
}

const SCHEDULE_MAX = 256;

/**
 * Letters lie in the queue's sorted set instead of its list, where taking the oldest of 100,000 away looks at all
 * others: 1.9 ms of Redis instead of 0.2.
 */
const LETTER_PRIORITY = 1;

export interface OutboxDeps {
  readonly queues: Queues;
  readonly letters: Pick<LetterIndex, "add">;
  /** What is given up counts against its endpoint; a count that fails is told, and the burial stands. */
  readonly countBuried: (id: EndpointId) => Promise<void>;
  readonly tell: Tell;
}

export function createOutbox({ queues, letters, countBuried, tell }: OutboxDeps): Outbox {
  const commits = createGroupCommit<{ readonly delivery: Delivery; readonly inMs: number }>({
    write: async (group) => {
      await queues.deliveries.addBulk(group.map(toScheduledJob));
    },
    maxItems: SCHEDULE_MAX,
    maxWrites: 2,
  });
  return {
    schedule: (delivery, inMs) => commits.add({ delivery, inMs }),
    bury: async (letter) => {
      const id = letterId(letter);
      await letters.add(summaryOf(id, letter));
      await queues.deadLetters.add(letter.because, storedLetter(letter), {
        jobId: id,
        priority: LETTER_PRIORITY,
      });
      if (letter.kind === "job") {
        return tell({ kind: "job.buried", because: letter.because, problem: letter.problem });
      }
      const { delivery, because } = letter;
      tell({ kind: "delivery.buried", deliveryId: deliveryId(delivery), because });
      await countBuried(delivery.endpointId).catch(tellFailure(tell, "count_buried"));
    },
  };
}

function toScheduledJob(scheduled: { readonly delivery: Delivery; readonly inMs: number }) {
  const { delivery, inMs } = scheduled;
  return {
    name: delivery.event.type,
    data: deliveryJob(delivery),
    opts: { jobId: deliveryJobIds(roundOf(delivery))[0], delay: inMs },
  };
}

export function letterId(letter: DeadLetter): string {
  if (letter.kind === "job") return deadLetterId(`job:${letter.jobId}:${letter.addedAt}`);
  return deliveryLetterIds(roundOf(letter.delivery))[0];
}
