/**
 * Promises of the demo, checked against what the receivers themselves noted and what the dead letter says. It only
 * checks; a promise that was not kept says what came instead.
 */
import type { DeadLetter } from "../../core/delivery.ts";
import { eventsFor } from "./cast.ts";
import type { DemoReceiver, Note } from "./receiver.ts";

export interface Check {
  readonly claim: string;
  readonly holds: boolean;
  /** The finding. */
  readonly got: string;
}

export interface Evidence {
  readonly receivers: readonly DemoReceiver[];
  /** The dead letters there were before the replay. */
  readonly letters: readonly DeadLetter[];
  /** The number that was left after it. */
  readonly lettersLeft: number;
  /** The waits that were planned, in ms. */
  readonly schedule: readonly number[];
}

const GAP_TOLERANCE = 0.15;
/** A busy machine may be late; it can never be early. */
const LATE_MS = 500;

export function checkPromises(evidence: Evidence): readonly Check[] {
  return evidence.receivers.flatMap((receiver) => promisesOf(receiver, evidence));
}

function promisesOf(receiver: DemoReceiver, evidence: Evidence): readonly Check[] {
  switch (receiver.role.name) {
    case "healthy":
      return [reachedOnce(receiver), verified(receiver)];
    case "flaky":
      return [reachedAtThird(receiver), verified(receiver)];
    case "broken":
      return [keptSchedule(receiver, evidence.schedule), buriedWhole(evidence), replayed(receiver, evidence)];
  }
}

/** Milliseconds between the POSTs of one webhook-id, as its receiver saw them. */
export function gapsOf(notes: readonly Note[], webhookId: string): readonly number[] {
  const times = notes.filter((note) => note.webhookId === webhookId).map(({ atMs }) => atMs);
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}

export function webhookIds(notes: readonly Note[]): readonly string[] {
  return [...new Set(notes.map(({ webhookId }) => webhookId))];
}

/** Measured spans: `0.24, 2.1 s`. */
export const seconds = (spansMs: readonly number[]): string =>
  `${spansMs.map((ms) => (ms / 1_000).toFixed(ms < 1_000 ? 2 : 1)).join(", ")} s`;

/** Planned spans, which are round: `2, 4 s`. */
export const plannedSeconds = (spansMs: readonly number[]): string =>
  `${spansMs.map((ms) => ms / 1_000).join(", ")} s`;

function reachedOnce({ role, notes }: DemoReceiver): Check {
  const wanted = eventsFor(role).length;
  const ids = webhookIds(notes).length;
  return {
    claim: `${role.name} got each of its ${wanted} events exactly once`,
    holds: ids === wanted && notes.length === wanted,
    got: `${ids} events in ${notes.length} requests`,
  };
}

function reachedAtThird({ role, notes }: DemoReceiver): Check {
  const answers = webhookIds(notes).map((id) =>
    notes.filter(({ webhookId }) => webhookId === id).map(({ status }) => status),
  );
  const wanted = eventsFor(role).length;
  return {
    claim: `${role.name} got each of its ${wanted} events at the third attempt`,
    holds: answers.length === wanted && answers.every((statuses) => statuses.join() === "503,503,200"),
    got: answers.map((statuses) => statuses.join(" ")).join("; "),
  };
}

function verified({ role, notes }: DemoReceiver): Check {
  const right = notes.filter(({ isVerified }) => isVerified).length;
  const schemes =
    role.profile === "hokusai" ? "X-Hokusai-Signature and Standard Webhooks" : "Standard Webhooks";
  return {
    claim: `${role.name} verified every signature: ${schemes}`,
    holds: right === notes.length && notes.length > 0,
    got: `${right} of ${notes.length}`,
  };
}

function keptSchedule({ role, notes }: DemoReceiver, schedule: readonly number[]): Check {
  const gaps = gapsOf(notes, notes[0]?.webhookId ?? "").slice(0, schedule.length);
  const isKept = (planned: number, index: number): boolean => {
    const gap = gaps[index] ?? Number.NaN;
    return gap >= planned * (1 - GAP_TOLERANCE) && gap <= planned * (1 + GAP_TOLERANCE) + LATE_MS;
  };
  return {
    claim: `${role.name} was tried again after ${plannedSeconds(schedule)} (± 15 %, + 0.5 s)`,
    holds: schedule.every(isKept),
    got: seconds(gaps),
  };
}

function buriedWhole({ letters, schedule }: Evidence): Check {
  const wanted = schedule.length + 1;
  const [letter] = letters;
  const attempts = letter?.kind === "delivery" ? letter.delivery.attempts : [];
  const refusals = attempts.filter(({ outcome, status }) => outcome === "refused" && status === 500);
  return {
    claim: `broken's delivery became a dead letter that names all ${wanted} attempts`,
    holds: letters.length === 1 && letter?.because === "exhausted" && refusals.length === wanted,
    got: `dead letters: ${letters.length} (${letter?.because ?? "none"}), attempts: ${refusals.length}`,
  };
}

function replayed({ notes }: DemoReceiver, { lettersLeft }: Evidence): Check {
  const last = notes.at(-1);
  const ids = webhookIds(notes);
  return {
    claim: "its replay was delivered under the same webhook-id, and verified",
    holds: ids.length === 1 && last?.status === 200 && last.isVerified && lettersLeft === 0,
    got: `ids: ${ids.length}, last answer: ${last?.status ?? "none"}, dead letters left: ${lettersLeft}`,
  };
}
