/**
 * A look at the jobs themselves: which of those in work nobody holds, and what lies in the queues that no producer of ours
 * would put there. It looks at the first of each, so that it costs the same with a million jobs, and moves nothing: what is
 * alien, a worker buries (quarantine.ts, workers.ts).
 */
import type { Queue } from "bullmq";
import { isWrongType } from "../core/errors.ts";
import type { JobsReading } from "../core/readings.ts";
import { readVersionedDelivery } from "../core/stored.ts";
import { readEventsJob } from "./events-job.ts";
import type { RawKeys } from "./ports.ts";
import { OWN_NAMES } from "./quarantine.ts";
import type { Queues } from "./queues.ts";

const IN_WORK_MAX = 1_000;
const WAITING_MAX = 50;

/** The complaint about a job's text; null where a worker can read it. */
type Complain = (text: string) => string | null;

const ofEvents: Complain = (text) => {
  const read = readEventsJob(text, { jobId: "", addedAt: 0 });
  if (read.kind === "events") return read.unreadable[0]?.problem ?? null;
  return read.kind === "unreadable" ? read.problem : null;
};

const ofDelivery: Complain = (text) => {
  const read = readVersionedDelivery(text);
  return read.kind === "unreadable" ? "it is no delivery" : null;
};

export async function readJobs(queues: Queues, keys: RawKeys): Promise<JobsReading> {
  const { events, deliveries, deadLetters } = queues;
  const each = await Promise.all([
    readQueue(events, keys, ofEvents),
    readQueue(deliveries, keys, ofDelivery),
    // Nobody works on it, and whoever lists it reads it.
    readQueue(deadLetters, keys, () => null),
  ]);
  return sumOfJobs(each);
}

/** Of several queues, or places, together. */
export function sumOfJobs(each: readonly JobsReading[]): JobsReading {
  return {
    inWork: each.reduce((sum, { inWork }) => sum + inWork, 0),
    stuck: each.flatMap(({ stuck }) => stuck),
    alien: each.flatMap(({ alien }) => alien),
    paused: each.flatMap(({ paused }) => paused),
  };
}

async function readQueue(queue: Queue, keys: RawKeys, complain: Complain): Promise<JobsReading> {
  const [active, names, waiting, paused] = await Promise.all([
    readActive(queue, keys),
    takenNames(queue, keys),
    readWaiting(queue, keys, complain),
    keys.hget(queue.toKey("meta"), "paused").catch(nothingOfAnotherType),
  ]);
  return {
    ...active,
    alien: [...names, ...waiting].map((what) => `${queue.name}: ${what}`),
    paused: paused === null ? [] : [queue.name],
  };
}

/** One that ends between two questions has no lock at the second: so what has none is asked for once more. */
async function readActive(queue: Queue, keys: RawKeys): Promise<Pick<JobsReading, "inWork" | "stuck">> {
  const ids = await activeIds(queue, keys);
  const suspects = await withoutLock(ids, queue, keys);
  if (suspects.length === 0) return { inWork: ids.length, stuck: [] };
  const still = new Set(await activeIds(queue, keys));
  const stuck = await withoutLock(
    suspects.filter((id) => still.has(id)),
    queue,
    keys,
  );
  return { inWork: ids.length, stuck };
}

async function activeIds(queue: Queue, keys: RawKeys): Promise<readonly string[]> {
  const ids = await keys.lrange(queue.toKey("active"), 0, IN_WORK_MAX - 1).catch(nothingOfAnotherType);
  return ids ?? [];
}

async function withoutLock(ids: readonly string[], queue: Queue, keys: RawKeys): Promise<readonly string[]> {
  const held = await Promise.all(ids.map((id) => keys.exists(`${queue.toKey(id)}:lock`)));
  return ids.filter((_, index) => held[index] === 0);
}

/** Names of the queue's own under which a job lies: everybody stumbles over it (trap 3). */
async function takenNames(queue: Queue, keys: RawKeys): Promise<readonly string[]> {
  const types = await Promise.all(OWN_NAMES.map((name) => keys.type(queue.toKey(name))));
  const taken = OWN_NAMES.filter((_, index) => types[index] === "hash");
  return taken.map((name) => `a job has the id "${name}", which is a name that the queue itself uses`);
}

/** The ones that are next. */
async function readWaiting(queue: Queue, keys: RawKeys, complain: Complain): Promise<readonly string[]> {
  const ids = await queue.getRanges(["waiting", "prioritized"], 0, WAITING_MAX - 1, true).catch((error) => {
    if (isWrongType(error)) return [];
    throw error;
  });
  const jobs = ids.filter((id) => !OWN_NAMES.includes(id));
  const complaints = await Promise.all(jobs.map((id) => complaintAbout(id, queue, keys, complain)));
  return complaints.flatMap((complaint, index) =>
    complaint === null ? [] : [`job ${shown(jobs[index] ?? "")}: ${complaint}`],
  );
}

async function complaintAbout(
  id: string,
  queue: Queue,
  keys: RawKeys,
  complain: Complain,
): Promise<string | null> {
  try {
    // Gone since: a worker has it.
    const text = await keys.hget(queue.toKey(id), "data");
    return text === null ? null : complain(text);
  } catch (error) {
    if (isWrongType(error)) return "something else lies where the job should be";
    throw error;
  }
}

/** An id is its producer's text. */
const shown = (id: string): string => JSON.stringify(id.slice(0, 60));

function nothingOfAnotherType(error: unknown): null {
  if (isWrongType(error)) return null;
  throw error;
}
