/**
 * Sends what lies in a dead letter again, from the first attempt on and under the same webhook-id. The new round is
 * stored before the letter is taken away, so that a crash between the two costs a letter too many, never the
 * delivery; and its job's id says which round it is, so that doing it twice does it once.
 */
import type { Job } from "bullmq";
import type { DeadLetter, Delivery } from "../core/delivery.ts";
import { HookwaveError } from "../core/errors.ts";
import { readDeadLetter } from "./delivery-job.ts";
import { readEventsJob } from "./events-job.ts";
import { enqueueEvents, type Outbox, type Queues } from "./queues.ts";

/** Resolves with what the letter was. Throws DEAD_LETTER_UNKNOWN, EVENT_INVALID. */
export type Resend = (id: string) => Promise<DeadLetter>;

export interface ResendDeps {
  readonly queues: Queues;
  readonly outbox: Pick<Outbox, "schedule">;
}

export function createResend({ queues, outbox }: ResendDeps): Resend {
  return async (id) => {
    const { job, letter } = await findLetter(queues, id);
    if (letter.kind === "delivery") await outbox.schedule(nextRound(letter.delivery), 0);
    else await enqueueAgain(id, letter, queues);
    await job.remove();
    return letter;
  };
}

/** Throws DEAD_LETTER_UNKNOWN. */
export async function findLetter(
  queues: Queues,
  id: string,
): Promise<{ readonly job: Job<DeadLetter>; readonly letter: DeadLetter }> {
  const job = await queues.deadLetters.getJob(id);
  if (job === undefined) throw letterUnknown(id);
  return { job, letter: letterOf(job) };
}

/** One that cannot be read, such as another version's, is shown as it is: it must not hide the others. */
export function letterOf({ id = "", data, timestamp }: Job<DeadLetter>): DeadLetter {
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
