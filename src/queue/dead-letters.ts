/**
 * The dead letters: what was given up, kept whole. No worker touches them; people look, replay and purge.
 * A replay stores the new round before it removes the letter, so that a crash between the two costs a duplicate
 * of the letter, never the delivery.
 */
import type { Job } from "bullmq";
import type { DeadLetter, Delivery } from "../core/delivery.ts";
import { HookwaveError } from "../core/errors.ts";
import { readDeadLetter } from "./delivery-job.ts";
import { readEventsJob } from "./events-job.ts";
import { enqueueEvents, type Outbox, type Queues } from "./queues.ts";

export interface StoredLetter {
  readonly id: string;
  readonly letter: DeadLetter;
}

export interface DeadLetters {
  /** Newest first. */
  readonly list: (offset: number, limit: number) => Promise<readonly StoredLetter[]>;
  /** Of all that are there now, oldest first, each once. */
  readonly ids: () => Promise<readonly string[]>;
  readonly get: (id: string) => Promise<StoredLetter>;
  /** Sends it again from the first attempt on, under the same webhook-id. */
  readonly replay: (id: string) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
  /** Removes all of them; returns how many there were. */
  readonly purge: () => Promise<number>;
}

const PURGE_PAGE = 100;

export function createDeadLetters(queues: Queues, outbox: Outbox): DeadLetters {
  const queue = queues.deadLetters;

  const find = async (id: string) => {
    const job = await queue.getJob(id);
    if (job === undefined) throw letterUnknown(id);
    return { job, letter: letterOf(job) };
  };

  const list = async (offset: number, limit: number): Promise<readonly StoredLetter[]> => {
    const jobs = await queue.getJobs(["waiting"], offset, offset + limit - 1, false);
    return jobs.map((job) => ({ id: job.id ?? "", letter: letterOf(job) }));
  };

  return {
    list,
    ids: () => queue.getRanges(["waiting"], 0, -1, true),
    get: async (id) => ({ id, letter: (await find(id)).letter }),
    replay: async (id) => {
      const { job, letter } = await find(id);
      if (letter.kind === "delivery") await outbox.schedule(nextRound(letter.delivery), 0);
      else await enqueueAgain(id, letter, queues);
      await job.remove();
    },
    remove: async (id) => {
      await (await find(id)).job.remove();
    },
    purge: async () => {
      let purged = 0;
      for (;;) {
        const page = await queue.getJobs(["waiting"], 0, PURGE_PAGE - 1);
        if (page.length === 0) return purged;
        await Promise.all(page.map((job) => job.remove()));
        purged += page.length;
      }
    },
  };
}

/** One that cannot be read, such as another version's, is shown as it is: it must not hide the others. */
function letterOf({ id = "", data, timestamp }: Job<DeadLetter>): DeadLetter {
  try {
    return readDeadLetter(data);
  } catch {
    return {
      kind: "job",
      jobId: id,
      addedAt: timestamp,
      text: JSON.stringify(data),
      problem: "this version cannot read it",
      because: "invalid",
      buriedAt: new Date(timestamp).toISOString(),
    };
  }
}

function nextRound(delivery: Delivery): Delivery {
  return { ...delivery, attempts: [], heldSince: null, round: delivery.round + 1 };
}

/** An events job that crashed its workers may be tried again; one that cannot be read stays unreadable. */
async function enqueueAgain(id: string, letter: DeadLetter & { kind: "job" }, queues: Queues): Promise<void> {
  const read = readEventsJob(letter.text, letter);
  // Its unreadable events have letters of their own.
  if (read.kind === "events" && read.events.length > 0) {
    return await enqueueEvents(queues, read.events, read.holder);
  }
  throw new HookwaveError("EVENT_INVALID", {
    expected: "a dead letter that can be read",
    got: `${id}, which was buried because: ${letter.problem}`,
    remedy: "correct the producer and publish the event again, then remove this letter",
  });
}

function letterUnknown(id: string): HookwaveError {
  return new HookwaveError("DEAD_LETTER_UNKNOWN", {
    expected: "the id of a dead letter",
    got: `"${id}"`,
    remedy: "list them with `hookwave dead-letters list`; a replayed letter is gone from the list",
  });
}
