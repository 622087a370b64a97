/** Findings about the work: is anybody there to do it, does it go on, and what lies in its way? */
import type { Config } from "../../config/environment.ts";
import type { EndpointId } from "../../core/brand.ts";
import { formatDuration } from "../../core/duration.ts";
import type { LetterSummary } from "../../core/letter.ts";
import type { BreakerId } from "../../core/origin.ts";
import type { QueueCounts } from "../../core/queue-counts.ts";
import type { EndpointOutlines, JobsReading, WorkersPresent } from "../../core/readings.ts";
import type { ParkedCount } from "../../queue/ports.ts";
import { broken, type Check, type Finding, ok, warning } from "./finding.ts";
import { counted } from "./redis-findings.ts";

/** An event's first attempt is to begin within so long (decision 25). */
const OVERDUE_SEEN_MS = 5_000;
/** Somebody is woken for that, if nothing is delivered besides. */
const OVERDUE_MAX_MS = 60_000;
/** Of the time after which what is held is given up. */
const HELD_LONG = 0.5;
const NAMED_MAX = 5;

export function workerFindings(workers: WorkersPresent, version: string): readonly Finding[] {
  const count = [...workers.values()].reduce((sum, one) => sum + one, 0);
  if (count === 0)
    return [
      broken(
        "workers",
        "no worker has been heard of for half a minute: events are kept, and none is delivered",
        "start one: hookwave start --role worker; if one runs, its log says why it does not work",
      ),
    ];
  const present = ok("workers", `${counted(count, "worker")} heard of within the last half minute`);
  const versions = [...workers.keys()].toSorted();
  const isMixed = versions.length > 1 || !workers.has(version);
  const seen = versions.map((one) => `${workers.get(one) ?? 0} × ${one}`).join(", ");
  if (!isMixed) return [present, ok("workers.version", seen)];
  const mixed = warning(
    "workers.version",
    `${seen}; asked of ${version}: an older worker passes over what only a newer one can read`,
    "finish the upgrade: stop those that are old",
  );
  return [present, mixed];
}

export function queuesFinding(counts: QueueCounts): Finding {
  const { new: fresh, retrying } = counts;
  const overdueMs = Math.max(fresh.overdueMs, retrying.overdueMs);
  const seen = `${fresh.depth} new, ${retrying.depth} trying again`;
  if (overdueMs <= OVERDUE_SEEN_MS) return ok("queues", `${seen}; nothing is overdue`);
  const late = `${seen}; overdue by ${inSeconds(overdueMs)}`;
  const remedy =
    "start more workers; if none of them is busy, see the checks of workers and Redis, and their logs";
  return overdueMs > OVERDUE_MAX_MS ? broken("queues", late, remedy) : warning("queues", late, remedy);
}

export function jobFindings({ inWork, stuck, alien, paused }: JobsReading): readonly Finding[] {
  return [
    ...paused.map((name) =>
      broken(
        "queues",
        `the queue ${name} is paused: nothing is taken from it`,
        "resume it where it was paused, such as in a dashboard of BullMQ",
      ),
    ),
    stuck.length === 0
      ? ok("jobs.stuck", `${counted(inWork, "job")} in work, each held by its worker`)
      : warning(
          "jobs.stuck",
          `${counted(stuck.length, "job")} in work that no worker holds: ${some(stuck)}`,
          "look again in 15 s: another worker takes them over within 11 s; if they stay, no worker runs or all stand still",
        ),
    alien.length === 0
      ? ok("jobs.alien", "nothing foreign at the head of the queues")
      : warning(
          "jobs.alien",
          `${counted(alien.length, "entry", "entries")} that no producer of ours writes: ${some(alien)}`,
          "a worker moves them to the dead letters (invalid) within seconds; find the producer, docs/producers.md says what a job is",
        ),
  ];
}

export function parkedFinding(
  { depth, oldestHeldSince }: ParkedCount,
  { holdMaxAgeMs }: Pick<Config, "holdMaxAgeMs">,
  nowMs: number,
): Finding {
  if (depth === 0 || oldestHeldSince === null) return ok("parked", "no delivery is parked");
  const heldMs = Math.max(0, nowMs - oldestHeldSince);
  const seen = `${depth} parked in the lines of their endpoints, the first for ${inSeconds(heldMs)}`;
  if (heldMs < holdMaxAgeMs * HELD_LONG) return ok("parked", seen);
  return warning(
    "parked",
    `${seen}; after ${formatDuration(holdMaxAgeMs)} (HOLD_MAX_AGE) they become dead letters`,
    "see the endpoints with an open breaker, their rates and limits; `hookwave endpoints list` names them",
  );
}

export interface Letters {
  readonly count: number;
  /** As many of the newest as were looked at. */
  readonly newest: readonly LetterSummary[];
}

export function lettersFinding({ count, newest }: Letters): Finding {
  if (count === 0) return ok("dead_letters", "none");
  const reasons = [...Map.groupBy(newest, ({ because }) => because)].map(
    ([reason, letters]) => `${letters.length} ${reason}`,
  );
  const of = newest.length < count ? `of the newest ${newest.length}: ` : "";
  return warning(
    "dead_letters",
    `${counted(count, "dead letter")} (${of}${reasons.join(", ")})`,
    "hookwave dead-letters list; replay them once their receivers are well, or purge what nobody wants",
  );
}

export function breakersFinding(open: readonly BreakerId[]): Finding {
  if (open.length === 0) return ok("breakers", "none is open");
  return warning(
    "breakers",
    `${counted(open.length, "breaker")} open, whose deliveries are held: ${some(open)}`,
    "see what is said of these endpoints here; `hookwave endpoints list` and their owners",
  );
}

export function secretsFinding({ endpoints, unreadable }: EndpointOutlines): Finding {
  const closed = endpoints.filter(({ isOpened }) => isOpened === false).map(({ id }) => id);
  const check: Check = "secrets";
  if (unreadable.length > 0)
    return broken(
      check,
      `records that cannot be read: ${some(unreadable)}; whatever concerns them waits`,
      "upgrade if a newer version wrote them; else remove these endpoints and add them again",
    );
  if (closed.length > 0)
    return broken(
      check,
      `the encryption key does not open the secrets of ${some<EndpointId>(closed)}: whatever concerns them waits`,
      "set HOOKWAVE_ENCRYPTION_KEY (or _PREVIOUS) to the key in use when they were added, or add them again",
    );
  if (endpoints.some(({ isOpened }) => isOpened === null))
    return warning(
      check,
      "there is no encryption key here to try on the endpoints' secrets",
      "set HOOKWAVE_ENCRYPTION_KEY, or HOOKWAVE_DATA_DIR, as the service has it",
    );
  return ok(check, `the key opens the secrets of ${counted(endpoints.length, "endpoint")}`);
}

/** The first few, and how many more. */
export function some<Item extends string>(items: readonly Item[]): string {
  const more = items.length - NAMED_MAX;
  return `${items.slice(0, NAMED_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const inSeconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
