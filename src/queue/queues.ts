/**
 * The three queues, and how events get into the first: as they are published, or once more out of an earlier job. What
 * goes on from there is in outbox.ts.
 */
import { type ConnectionOptions, Queue } from "bullmq";
import type { KeptEvent } from "../bus/ports.ts";
import type { DeadLetter } from "../core/delivery.ts";
import type { EventsBatch, PublishedEvent } from "../core/event.ts";
import type { VersionedDelivery } from "../core/stored.ts";
import { type EventsJob, eventsJob, eventsJobAgain } from "./events-job.ts";
import {
  DEAD_LETTERS_QUEUE,
  DELIVERIES_QUEUE,
  EVENTS_QUEUE,
  handedHolder,
  handedJobId,
  replayedJobId,
  splitJobId,
} from "./names.ts";

export interface Queues {
  readonly events: Queue<EventsJob>;
  readonly deliveries: Queue<VersionedDelivery>;
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
  const deliveries = open<VersionedDelivery>(DELIVERIES_QUEUE);
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

/** After all jobs that have none. */
const BEYOND_ALLOWANCE = { priority: 1 };

/** Stores published events as one durable job; `isBeyondAllowance`: it lets others go first (publish/allowance.ts). */
export async function enqueueEvents(
  queues: Queues,
  events: readonly PublishedEvent[],
  isBeyondAllowance: boolean,
): Promise<void> {
  await queues.events.add("events", eventsJob(events), isBeyondAllowance ? BEYOND_ALLOWANCE : undefined);
}

/** Stores events of the job that lies in a letter once more; doing it twice does it once. */
export async function enqueueEventsAgain(queues: Queues, letter: string, batch: EventsBatch): Promise<void> {
  await queues.events.add("events", eventsJobAgain(batch), { jobId: replayedJobId(letter) });
}

/**
 * Stores events of a job in another shard, which is theirs, as one job; doing it twice does it once. `from` is the prefix of
 * the queue that they leave: jobs of each are numbered apart, and another one's first job is not this one.
 */
export async function handOnEvents(queues: Queues, from: string, batch: EventsBatch): Promise<void> {
  const [first] = batch.events;
  if (first === undefined) return;
  const holder = handedHolder(from, batch.holder);
  const jobId = handedJobId(holder, first.id);
  await queues.events.add("events", eventsJobAgain({ ...batch, holder }), { jobId });
}

/** Stores events that were kept aside once more, each as a job of its own; doing it twice does it once. */
export async function enqueueKept(queues: Queues, kept: readonly KeptEvent[]): Promise<void> {
  await queues.events.addBulk(
    kept.map(({ event, holder, acceptedAt, place }) => ({
      name: "events",
      data: eventsJobAgain({ events: [event], holder, acceptedAt }),
      opts: { jobId: splitJobId(holder, event.id, place) },
    })),
  );
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
      data: eventsJobAgain({ events: [event], holder, acceptedAt }, crashes),
      opts: { jobId: splitJobId(holder, event.id) },
    })),
  );
}
