/**
 * BullMQ's worker with the four things this project cannot do without:
 * the job's own text instead of a parsed copy (bytes are sacred, and a corrupt job can be buried instead of
 * staying active for ever, trap 12); recovery settings that survive many crashes (traps 1, 2, 9); a failure
 * of our own never fails a job: it goes back, no attempt charged (decision 4); and a run learns that its
 * job may be another worker's by now. Besides, a job that only waits for slow receivers leaves its slot to others.
 */
import { type ConnectionOptions, DelayedError, type Job, type JobJson, Worker } from "bullmq";
import type { JobInWork } from "../core/job-lease.ts";
import { OWN_FAILURE_RETRY_MS } from "../core/own-failure.ts";
import { redisWord } from "../core/redis-replies.ts";
import type { System } from "../core/system.ts";
import { JobLocks } from "./job-locks.ts";
import { tolerantBackend } from "./job-metadata.ts";
import { LostLocks } from "./lost-locks.ts";
import type { RawKeys } from "./ports.ts";

/** A job as our workers see it: `data` is its text. */
export type TextJob = Job<string, void>;

export interface DurableWorkerOptions {
  readonly connection: ConnectionOptions & Pick<RawKeys, "eval">;
  readonly prefix: string;
  readonly concurrency: number;
  readonly system: Pick<System, "now" | "monotonicMs">;
  readonly onError: (error: Error) => void;
}

/** One time that a job is in work. */
export interface Run extends JobInWork {
  readonly token: string;
  /** Aborted when a shutdown has run out of patience; from then on it holds no lease either. */
  readonly signal: AbortSignal;
}

export type Process = (job: TextJob, run: Run) => Promise<void>;

// Measured: back within 6–10 s of a kill -9 instead of 35–57 s; 0 instead of 13 of 6,000 jobs failed by 12 kills.
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;
const STALLS_ALLOWED = 1_000_000;
const RECONNECT_MS = 500;
/** Well below the silence after which a connection counts as dead (store/redis.ts). */
const BLOCK_SECONDS = 3;
const GIVE_BACK_MS = 1_000;
const LOOK_EVERY_MS = 100;
/** Each is the text of up to 64 events. */
const LENT_MAX = 4_096;
const EARLIER_RUN_RETRY_MS = 1_000;

// KEYS: waiting jobs, those with a priority, delayed ones, the marker. With each job that it gives out BullMQ leaves a
// marker, for there may be more. Where that was the only one, it wakes a worker for nothing.
const TAKE_MARKER = `
if redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2]) + redis.call('ZCARD', KEYS[3]) > 0 then return 0 end
redis.call('ZREM', KEYS[4], '0')
return 1`;

const MARKER_KEYS = ["wait", "prioritized", "delayed", "marker"];

const NEVER = new AbortController().signal;
const NO_SLOT = (): void => undefined;

export class DurableWorker extends Worker<string, void> {
  readonly #system: Pick<System, "now" | "monotonicMs">;
  readonly #locks: JobLocks;
  readonly #lost: LostLocks;
  readonly #takeMarker: () => Promise<unknown>;
  /** Token → what lends the slot of its run. */
  readonly #slots = new Map<string, () => void>();
  /** Jobs that go on without a slot. */
  readonly #lent = new Set<Promise<void>>();
  #isClosing = false;
  #refused: "take" | "wait" | null = null;
  /** It has waited, and was woken. */
  #isWoken = false;
  /** The last job that it took was one it was woken for. */
  #hasFirst = false;

  constructor(name: string, process: Process, options: DurableWorkerOptions) {
    // Three declared parameters are how BullMQ knows to pass a signal; defaults would make them one.
    const settings = {
      connection: options.connection,
      prefix: options.prefix,
      concurrency: options.concurrency,
      autorun: false,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: STALLS_ALLOWED,
      runRetryDelay: RECONNECT_MS,
      drainDelay: BLOCK_SECONDS,
      removeOnComplete: { count: 0 },
    };
    super(
      name,
      (job, token, signal) => this.#run(job, token ?? "", signal ?? NEVER, process),
      settings,
      tolerantBackend,
    );
    this.#system = options.system;
    this.#locks = new JobLocks(LOCK_MS, options.system.monotonicMs);
    this.#lost = new LostLocks(options.onError);
    this.on("error", this.#lost.hear);
    this.#takeMarker = () =>
      options.connection.eval(TAKE_MARKER, MARKER_KEYS.length, ...MARKER_KEYS.map((key) => this.toKey(key)));
    const wait = this.backend.waitForJob.bind(this.backend);
    this.backend.waitForJob = async (seconds) => {
      const marker = await this.#seen("wait", () => wait(seconds));
      this.#isWoken = Boolean(marker);
      return marker;
    };
  }

  /** False while Redis refuses to hand out jobs, or to let anybody wait for them. */
  get isHandedJobs(): boolean {
    return this.#refused === null;
  }

  /** Remembers which of the two Redis has refused; jobs that come all the same need no waiting. */
  async #seen<Answer>(step: "take" | "wait", ask: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await ask();
      if (this.#refused === step || (step === "take" && answer !== undefined)) this.#refused = null;
      return answer;
    } catch (error) {
      this.#refused = step;
      throw error;
    }
  }

  /** BullMQ's own is 10 s: how long it waits for jobs while delayed ones are there. */
  override get maximumBlockTimeout(): number {
    return BLOCK_SECONDS;
  }

  /** Has it no job in work? */
  isIdle(): boolean {
    return this.#slots.size === 0;
  }

  /** Puts a job back for `inMs`, with its new text if it has changed; the caller then throws what is returned. */
  async putBack(job: TextJob, token: string, inMs: number, text?: string): Promise<DelayedError> {
    await this.backend.moveToDelayed(job.id ?? "", this.#system.now(), inMs, token, {
      skipAttempt: true,
      ...(text === undefined ? {} : { fieldsToUpdate: { data: text } }),
    });
    return new DelayedError();
  }

  /** An earlier run that has lost the job may still have a POST open: the job waits for what comes of it. */
  async #run(job: TextJob, token: string, signal: AbortSignal, process: Process): Promise<void> {
    const jobId = job.id ?? "";
    const isHeld = this.#locks.begin(
      jobId,
      token,
      this.#system.now() - (job.processedOn ?? this.#system.now()),
    );
    if (isHeld === null) throw await this.putBack(job, token, EARLIER_RUN_RETRY_MS);
    try {
      const lendSlot = this.#slots.get(token) ?? NO_SLOT;
      await process(job, { token, signal, holdsLease: () => !signal.aborted && isHeld(), lendSlot });
    } finally {
      this.#locks.end(jobId);
    }
  }

  /**
   * For BullMQ's loop a job whose slot is lent is over. From then on its end brings no next job, which nobody would wait
   * for; and where its end has begun, its slot is not lent any more.
   */
  override processJob(
    job: TextJob,
    token: string,
    fetchNext: () => boolean = () => true,
  ): ReturnType<Worker<string, void>["processJob"]> {
    const [lent, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let stage: "working" | "lent" | "ending" = "working";
    // Before the run begins, which takes it from there.
    this.#slots.set(token, () => {
      if (stage !== "working" || this.#isClosing || this.#lent.size >= LENT_MAX) return;
      stage = "lent";
      this.#lent.add(over.promise);
      lent.resolve();
    });
    const ended = super.processJob(job, token, () => {
      if (stage === "lent") return false;
      stage = "ending";
      return fetchNext();
    });
    const forgotten = ended.finally(() => {
      this.#slots.delete(token);
      this.#lent.delete(over.promise);
      over.resolve();
    });
    // The loop, which would hear of a failure, does not wait for it any more.
    lent.promise.then(() => forgotten).catch((error: Error) => this.emit("error", error));
    return Promise.race([forgotten, lent.promise]);
  }

  /** From then on no slot is lent: BullMQ waits for the jobs that its loop knows of, and for no others. */
  override async close(force = false): Promise<void> {
    this.#isClosing = true;
    if (!force && this.#lent.size > 0) {
      await this.pause(true);
      await Promise.all(this.#lent);
    }
    await super.close(force);
    this.#lost.flush();
  }

  override async extendJobLocks(jobIds: string[], tokens: string[], durationMs: number): Promise<string[]> {
    const askedAt = this.#system.monotonicMs();
    const lost = await super.extendJobLocks(jobIds, tokens, durationMs);
    this.#locks.renewed(jobIds, tokens, askedAt, lost);
    return lost;
  }

  /**
   * BullMQ takes one more job when it was waiting for one as it was paused. And where Redis refuses to hand out jobs
   * (read-only, out of memory), it asks again at once: 6,000 times a second.
   */
  protected override async moveToActive(token: string, name?: string): Promise<TextJob> {
    const isOnlyJob = this.#hasFirst && (await this.#isOnlyJob());
    if (isOnlyJob || this.isPaused()) return await this.nextJobFromJobData();
    try {
      const job = await this.#seen("take", () => super.moveToActive(token, name));
      this.#hasFirst = this.#isWoken && job !== undefined;
      this.#isWoken = false;
      return job;
    } catch (error) {
      await this.delay(RECONNECT_MS);
      throw error;
    }
  }

  /** An answer that fails counts as no: what is asked for then fails as well, and says so. */
  async #isOnlyJob(): Promise<boolean> {
    this.#hasFirst = false;
    return (await this.#takeMarker().catch(() => null)) === 1;
  }

  protected override createJob(json: JobJson, jobId: string): TextJob {
    const job = super.createJob({ ...json, data: "{}" }, jobId);
    job.data = json.data ?? "";
    return job;
  }

  protected override async handleFailed(
    error: Error,
    job: TextJob,
    token: string,
    fetchNext?: () => boolean,
  ): Promise<TextJob> {
    if (error instanceof DelayedError) return await super.handleFailed(error, job, token, fetchNext);
    this.emit("error", error);
    return await super.handleFailed(await this.#putBackInTheEnd(job, token), job, token, fetchNext);
  }

  /** Redis may refuse it for a moment, as while a Cluster moves our slot: it would be found only when its lock has run out. */
  async #putBackInTheEnd(job: TextJob, token: string): Promise<DelayedError> {
    const giveUpAt = this.#system.monotonicMs() + LOCK_MS;
    for (;;) {
      try {
        return await this.putBack(job, token, OWN_FAILURE_RETRY_MS);
      } catch (error) {
        const isLate = this.#isClosing || this.#system.monotonicMs() >= giveUpAt;
        if (isLate || redisWord(error) === null) throw error;
        await this.delay(RECONNECT_MS);
      }
    }
  }
}

/**
 * Closes a worker within `graceMs` and a second: first it only stops taking jobs; what is still in work after the
 * grace is told to put itself back (trap 10: a forced close sent 1,000 of 1,000 in flight twice). False when that
 * was not possible, because Redis does not answer: then other workers find the jobs by their locks. A worker that has
 * nothing in work does not wait for a Redis that is gone.
 */
export async function drain(
  worker: DurableWorker,
  graceMs: number,
  isRedisThere: () => boolean,
): Promise<boolean> {
  const tooLate = Promise.withResolvers<false>();
  const grace = setTimeout(() => worker.cancelAllJobs("shutting down"), graceMs);
  const limit = setTimeout(() => tooLate.resolve(false), graceMs + GIVE_BACK_MS);
  const giveUpIdle = (): void => {
    if (worker.isIdle() && !isRedisThere()) tooLate.resolve(false);
  };
  const look = setInterval(giveUpIdle, LOOK_EVERY_MS);
  try {
    const isDrained = await Promise.race([worker.close().then(() => true), tooLate.promise]);
    if (!isDrained) worker.disconnect().catch((error: Error) => worker.emit("error", error));
    return isDrained;
  } finally {
    clearTimeout(grace);
    clearTimeout(limit);
    clearInterval(look);
  }
}
