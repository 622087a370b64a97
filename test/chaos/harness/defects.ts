/**
 * Defects that can be planted in all processes of a run, to see that the matrix reports them: `CHAOS_DEFECT=<name>
 * npm run chaos -- --only <row>`. Each takes a remedy out of the code, as text, while it is being loaded; the
 * product knows nothing of it. One that does not find its text any more refuses to start the worker.
 */
import { fileURLToPath } from "node:url";
import { BUS_DEFECTS } from "./bus-defects.ts";
import { LATER_DEFECTS } from "./later-defects.ts";
import { LOOKUP_DEFECTS } from "./lookup-defects.ts";
import type { Change } from "./plant-change.ts";

export const DEFECTS: Readonly<Record<string, readonly Change[]>> = {
  /**
   * Trap 1: BullMQ's default, and no second line behind it; the second crash of a job's worker fails it for good.
   * Rows 2, 3.
   */
  "two-crashes": [
    {
      module: "/src/queue/durable-worker.ts",
      text: "maxStalledCount: STALLS_ALLOWED",
      instead: "maxStalledCount: 1",
    },
    {
      module: "/src/queue/durable-worker.ts",
      text: "if (error instanceof DelayedError) return",
      instead: "return",
    },
    {
      module: "/src/queue/job-metadata.ts",
      text: '"parentKey", "deid"];',
      instead: '"parentKey", "deid", "defa"];',
    },
  ],
  /** Trap 2: BullMQ's defaults; a dead worker's jobs are found within a minute. Row 1. */
  "slow-recovery": [
    {
      module: "/src/queue/durable-worker.ts",
      text: "const LOCK_MS = 10_000;\nconst STALLED_CHECK_MS = 5_000;",
      instead: "const LOCK_MS = 30_000;\nconst STALLED_CHECK_MS = 30_000;",
    },
  ],
  /** Trap 5 and decision 3: the job is settled before its attempt is recorded. Row 13. */
  "record-after-settle": [
    {
      module: "/src/deliver/deliver.ts",
      text: "await record({ record: entry,",
      instead:
        "setTimeout((finished) => void record(finished).catch(() => undefined), 30_000, { record: entry,",
    },
  ],
  /** Trap 6: whatever memory policy Redis has is good enough. Row 7. */
  "any-memory-policy": [
    {
      module: "/src/store/redis-safety.ts",
      text: 'if (policy !== "noeviction")',
      instead: "if (policy.length === 0)",
    },
  ],
  /** Trap 7: the acknowledgement of the master is enough. Row 8. */
  "no-replica-asked": [
    {
      module: "/src/publish/publisher.ts",
      text: "writers[level].store(own)",
      instead: "writers.redis.store(own)",
    },
  ],
  /** Trap 8: publishing has no deadline of its own. Row 10. */
  "patient-publisher": [
    {
      module: "/src/publish/batch-writer.ts",
      text: "deadlineMs: 900,",
      instead: "deadlineMs: 30_000,",
    },
  ],
  /** Trap 9: BullMQ's default, which backs off to 20 s. Row 5. */
  "slow-reconnect": [
    {
      module: "/src/store/redis.ts",
      text: "Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MAX_MS)",
      instead: "Math.max(Math.min(Math.exp(times), 20_000), 1_000)",
    },
  ],
  /** Trap 10: closing does not wait for what is open. Rows 20, 26. */
  "forced-close": [
    {
      module: "/src/queue/durable-worker.ts",
      text: "worker.close().then(() => true)",
      instead: "worker.close(true).then(() => true)",
    },
  ],
  /** Trap 11: the job is said to be delayed, and is not. Row 23: a first retry is a new job. */
  "delayed-in-name-only": [
    {
      module: "/src/queue/durable-worker.ts",
      text: "await this.backend.moveToDelayed(",
      instead: "void ((..._) => undefined)(",
    },
  ],
  /** Trap 24: an answer's body is read and kept to its end. Row 16. */
  "whole-bodies": [
    {
      module: "/src/deliver/open-exchange.ts",
      text: "if (missingBytes > 0) this.#chunks.push(chunk.subarray(0, missingBytes));",
      instead: "this.#chunks.push(chunk);",
    },
    {
      module: "/src/deliver/open-exchange.ts",
      text: "if (this.#bodyBytes >= EXCERPT_BYTES) this.#answer();",
      instead: "",
    },
    {
      module: "/src/deliver/open-exchange.ts",
      text: "if (this.#bodyBytes > DRAIN_BYTES) controller.abort(ENOUGH);",
      instead: "",
    },
  ],
  /** Trap 13: nobody compares the clocks. Row 21. */
  "any-clock": [
    {
      module: "/src/store/redis-safety.ts",
      text: "await checkClock(redis, now);",
      instead: "",
    },
  ],
  /** The job that held an event is done a moment before what is left of it has a job of its own. Row 27. */
  "late-handover": [
    {
      module: "/src/deliver/carry-out.ts",
      text: "return await postpone(delivery, verdict.inMs);",
      instead:
        "return hasWaited ? await postpone(delivery, verdict.inMs) : void setTimeout(() => void postpone(delivery, verdict.inMs), 20);",
    },
  ],
  /** For row 27, not a defect: what a crash leaves behind is found within two seconds. */
  "short-locks": [
    {
      module: "/src/queue/durable-worker.ts",
      text: "const LOCK_MS = 10_000;\nconst STALLED_CHECK_MS = 5_000;",
      instead: "const LOCK_MS = 1_000;\nconst STALLED_CHECK_MS = 500;",
    },
  ],
  /** Trap 1: a job may crash its worker as often as it likes. Row 4. */
  "no-poison-budget": [
    {
      module: "/src/core/own-failure.ts",
      text: "export const POISON_CRASHES = 8;",
      instead: "export const POISON_CRASHES = 1_000_000;",
    },
  ],
  /** Decision 2: publishing answers before Redis has acknowledged the write. Row 6. */
  "hasty-publisher": [
    {
      module: "/src/publish/batch-writer.ts",
      text: "await enqueue(batch, level);",
      instead: "void enqueue(batch, level).catch(() => undefined);",
    },
  ],
  /** A connection on which nothing comes any more is believed for ever. Row 9. */
  "trusted-silence": [
    {
      module: "/src/store/redis.ts",
      text: "worker: { maxRetriesPerRequest: null, connectTimeout: SILENCE_MAX_MS, socketTimeout: SILENCE_MAX_MS }",
      instead: "worker: { maxRetriesPerRequest: null }",
    },
  ],
  /** Decision 14: a re-run sends everything of its job, also what is on record. Row 1. */
  "forgetful-rerun": [
    {
      module: "/src/deliver/dispatch.ts",
      text: 'if (claim.kind === "fresh") return',
      instead: "return",
    },
  ],
  /** Trap 8: a connection that is known to be down is hoped for all the same. Row 11. */
  "hopeful-publisher": [
    {
      module: "/src/store/redis.ts",
      text: "if (!firstConnect) throw",
      instead: "if (!firstConnect) void",
    },
  ],
  /** Trap 6: recording begins with a write that needs memory. Row 12. */
  "record-needs-memory": [
    {
      module: "/src/store/attempt-log.ts",
      text: "redis.call('XTRIM', KEYS[1],",
      instead: "local _ = false and redis.call('XTRIM', KEYS[1],",
    },
  ],
  /** Trap 6: so does claiming. Row 12. */
  "claim-needs-memory": [
    {
      module: "/src/store/event-ledger.ts",
      text: "redis.call('DEL', key)",
      instead: "",
    },
  ],
  /** Trap 23: undici's own timeouts, which restart with each byte, are all there is. Row 14. */
  "restarting-deadline": [
    {
      module: "/src/deliver/open-exchange.ts",
      text: "this.#deadline = new Deadline(timeoutMs, this.#routes.now, () => this.#expire());",
      instead: "",
    },
    {
      module: "/src/deliver/transport.ts",
      text: "headersTimeout: 0,",
      instead: "headersTimeout: 3_000,",
    },
  ],
  /** Trap 25: a kept connection that has gone stale is the receiver's failure. Row 15. */
  "stale-is-failed": [
    {
      module: "/src/deliver/open-exchange.ts",
      text: "if (this.#hasBegun || !this.#routes.endedReused(error)) return false;",
      instead: "return false;",
    },
  ],
  /** Decision 24: what finds its endpoint busy waits in a slot. Rows 17 and 29. */
  "no-parking": [
    {
      module: "/src/deliver/concurrency-limits.ts",
      text: "if (!isFromLine && this.#waiting.length >= this.#room()) return false;",
      instead: "",
    },
    {
      module: "/src/deliver/concurrency-limits.ts",
      text: "if (this.#waiting.length > this.#room()) this.#shorten();",
      instead: "",
    },
    {
      module: "/src/deliver/attempt-slots.ts",
      text: "if (!isSlow(one.id)) continue;",
      instead: "continue;",
    },
  ],
  /** Decision 24: what is taken from a line leaves it at once. Row 30. */
  "taken-is-gone": [
    {
      module: "/src/deliver/drain-line.ts",
      text: "this.#known.add(one.parked.name);",
      instead:
        'this.#known.add(one.parked.name); void this.#deps.parking.end(this.#id, [{ name: one.parked.name, goesTo: "nowhere" }]);',
    },
  ],
  /** Decision 15: Retry-After is not listened to. Row 18. */
  "impatient-retry": [
    {
      module: "/src/core/backoff.ts",
      text: "if (retryAfterMs === null) return jittered;",
      instead: "if (retryAfterMs !== undefined) return jittered;",
    },
  ],
  /** Anyone who answers the handshake is the receiver. Row 19. */
  "any-certificate": [
    {
      module: "/src/deliver/guarded-connector.ts",
      text: 'ALPNProtocols: ["http/1.1"],',
      instead: 'ALPNProtocols: ["http/1.1"], rejectUnauthorized: false,',
    },
  ],
  /** Trap 4: every job that claims an event is its first. Row 22. */
  "always-fresh": [
    {
      module: "/src/store/event-ledger.ts",
      text: "if not holder then",
      instead: "if true then",
    },
  ],
  /** Deliveries that failed together come back together. Row 24. */
  "no-jitter": [
    {
      module: "/src/core/backoff.ts",
      text: "const JITTER = 0.1;",
      instead: "const JITTER = 0;",
    },
  ],
  /** A fleet uses half of a rate. Row 24. */
  "half-rate": [
    {
      module: "/src/store/fleet-rates.ts",
      text: "[limit.perMs / limit.count,",
      instead: "[(2 * limit.perMs) / limit.count,",
    },
  ],
  ...BUS_DEFECTS,
  ...LOOKUP_DEFECTS,
  ...LATER_DEFECTS,
  /** For row 4, not a defect of ours: an event whose processing kills its worker every time. */
  "deadly-event": [
    {
      module: "/src/deliver/deliver.ts",
      text: "const exchange = await post(request, span, transport);",
      instead:
        'if (delivery.event.type === "thing.deadly") process.kill(process.pid, "SIGKILL"); const exchange = await post(request, span, transport);',
    },
  ],
};

const PLANT = fileURLToPath(new URL("./plant.ts", import.meta.url));

/** The environment of a process with these defects. */
export function plantedBy(names: readonly string[]): Readonly<Record<string, string>> {
  if (names.length === 0) return {};
  return { NODE_OPTIONS: `--import=${PLANT}`, CHAOS_DEFECT: names.join(",") };
}
