/**
 * The two workers. The events worker dispatches what was published; the deliveries worker tries again what has
 * its own clock. Both read text, bury what cannot be read or keeps crashing its worker, and settle the rest.
 */
import type { Delivery } from "../core/delivery.ts";
import type { EventsBatch, PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import {
  NEWER_RETRY_MS,
  OWN_FAILURE_RETRY_MS,
  POISON_CRASHES,
  SUSPECT_CRASHES,
} from "../core/own-failure.ts";
import type { Unread } from "../core/stored.ts";
import { readVersionedDelivery, versionedDelivery } from "../core/stored.ts";
import type { Dispatch, Outbox, PutJobBack, Resume } from "../deliver/ports.ts";
import { DurableWorker, type DurableWorkerOptions, type Run, type TextJob } from "./durable-worker.ts";
import { eventsJobAgain, type ReadEvents, readEventsJob } from "./events-job.ts";
import { DELIVERIES_QUEUE, deliveryJobIds, EVENTS_QUEUE } from "./names.ts";
import { type Queues, splitEvents } from "./queues.ts";

export interface WorkerDeps extends DurableWorkerOptions {
  readonly queues: Queues;
  readonly outbox: Outbox;
  /** Tells which of a batch lie in this shard; null where there is but one. */
  readonly sort: ((batch: EventsBatch) => SortedEvents) | null;
  readonly tell: Tell;
}

interface SortedEvents {
  readonly own: readonly PublishedEvent[];
  /** Hands on the others, within a second; resolves with those whose shard is away. */
  readonly handOn: () => Promise<readonly PublishedEvent[]>;
}

const INTERRUPTED_RETRY_MS = 100;
const FIRST_JOB_RETRY_MS = 1_000;
/** Many that have waited long for their shard leave room for those of the others. */
const STRAY_RETRY_MAX_MS = 15_000;

export function createEventsWorker(dispatch: Dispatch, deps: WorkerDeps): DurableWorker {
  const worker: DurableWorker = new DurableWorker(EVENTS_QUEUE, processEvents, deps);

  async function processEvents(job: TextJob, run: Run): Promise<void> {
    const read = readEventsJob(job.data, { jobId: job.id ?? "", addedAt: job.timestamp });
    if (read.kind !== "events") return await buryOrPutBack(read, worker, job, run, deps);
    await unlessInterrupted(worker, job, run, () => processRead(read, job, run));
  }

  async function processRead(read: ReadEvents & { kind: "events" }, job: TextJob, run: Run): Promise<void> {
    if (job.timestamp === 0) {
      const problem = "the job does not say when it was added";
      return await buryJob(job, { text: job.data, problem, because: "invalid" }, deps);
    }
    const crashes = read.crashes + job.stalledCounter;
    if (crashes >= POISON_CRASHES) {
      const problem = `in work at ${crashes} crashes of its worker`;
      return await buryJob(job, { text: job.data, problem, because: "poison" }, deps);
    }
    for (const [part, { text, problem }] of read.unreadable.entries()) {
      await buryJob(job, { text, problem, because: "invalid", part }, deps);
    }
    if (job.stalledCounter >= SUSPECT_CRASHES && read.events.length > 1) {
      return await splitEvents(deps.queues, read, crashes);
    }
    if (deps.sort === null) await dispatch(read, run);
    else await processSorted(read, deps.sort(read), job, run);
  }

  /** Its own events do not wait for a shard that is away; those of that one go back, and nothing else of the job. */
  async function processSorted(
    read: ReadEvents & { kind: "events" },
    { own, handOn }: SortedEvents,
    job: TextJob,
    run: Run,
  ): Promise<void> {
    const dispatched = own.length > 0 ? dispatch({ ...read, events: own }, run) : undefined;
    const [left] = await Promise.all([handOn(), dispatched]);
    if (left.length === 0) return;
    const isAll = left.length === read.events.length && read.unreadable.length === 0;
    const text = isAll ? undefined : JSON.stringify(eventsJobAgain({ ...read, events: left }, read.crashes));
    throw await worker.putBack(job, run.token, strayRetryMs(deps.system.now() - job.timestamp), text);
  }

  return worker;
}

const strayRetryMs = (waitedMs: number): number =>
  Math.min(Math.max(Math.round(waitedMs / 4), OWN_FAILURE_RETRY_MS), STRAY_RETRY_MAX_MS);

export function createDeliveriesWorker({ resume, giveUp }: Resume, deps: WorkerDeps): DurableWorker {
  const worker: DurableWorker = new DurableWorker(DELIVERIES_QUEUE, processDelivery, deps);

  async function processDelivery(job: TextJob, run: Run): Promise<void> {
    const read = readVersionedDelivery(job.data);
    if (read.kind !== "delivery") return await buryOrPutBack(read, worker, job, run, deps);
    const { delivery } = read;
    const putJobBack: PutJobBack = async (later, inMs) => {
      throw await worker.putBack(job, run.token, inMs, JSON.stringify(versionedDelivery(later)));
    };
    if (job.stalledCounter >= POISON_CRASHES) return await giveUp(delivery, "poison", putJobBack);
    const first = await firstJobsState(delivery, job, deps);
    if (first === "waits") return;
    if (first === "in work") throw await worker.putBack(job, run.token, FIRST_JOB_RETRY_MS);
    await unlessInterrupted(worker, job, run, () => resume(delivery, run, putJobBack));
  }

  return worker;
}

/**
 * A round that came out of a line has a second job where the first was in work, which parks it and ends. After a crash the
 * first runs again instead, and takes what was recorded: the two of them would send at once, again and again.
 */
async function firstJobsState(
  delivery: Delivery,
  { id }: TextJob,
  { queues }: WorkerDeps,
): Promise<"waits" | "in work" | "over"> {
  const [own, other] = deliveryJobIds(delivery);
  if (id !== other) return "over";
  const state = await queues.deliveries.getJobState(own);
  if (state === "active") return "in work";
  return state === "delayed" || state === "waiting" || state === "prioritized" ? "waits" : "over";
}

interface Remains {
  readonly text: string;
  readonly problem: string;
  readonly because: "invalid" | "poison";
  /** The place of an unreadable event in its job, when the others went on. */
  readonly part?: number;
}

async function buryJob(job: TextJob, remains: Remains, deps: WorkerDeps): Promise<void> {
  const { part, ...why } = remains;
  const jobId = part === undefined ? `${job.id}` : `${job.id}[${part}]`;
  const buriedAt = new Date(deps.system.now()).toISOString();
  await deps.outbox.bury({ kind: "job", jobId, addedAt: job.timestamp, ...why, buriedAt });
}

/** Puts a job back that a newer version has written, and buries one that nobody can read. */
async function buryOrPutBack(
  read: Unread,
  worker: DurableWorker,
  job: TextJob,
  { token }: Run,
  deps: WorkerDeps,
): Promise<void> {
  if (read.kind === "unreadable")
    return await buryJob(job, { text: job.data, problem: read.problem, because: "invalid" }, deps);
  const detail = { jobId: job.id ?? "", version: String(read.version) };
  const notice = "a job of a newer version waits for a newer worker";
  deps.tell({ kind: "service.noticed", notice, detail });
  throw await worker.putBack(job, token, NEWER_RETRY_MS);
}

/** Does the work, unless a shutdown runs out of patience first: then the job goes back, no attempt charged. */
async function unlessInterrupted(
  worker: DurableWorker,
  job: TextJob,
  { token, signal }: Run,
  work: () => Promise<void>,
): Promise<void> {
  const interrupted = Promise.withResolvers<"interrupted">();
  const onAbort = (): void => interrupted.resolve("interrupted");
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    if ((await Promise.race([work(), interrupted.promise])) === "interrupted")
      throw await worker.putBack(job, token, INTERRUPTED_RETRY_MS);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
