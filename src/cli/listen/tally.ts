/** The tally of what came, counted as it comes: for the summary, and to know a copy from a first. */
import { roughSpan } from "../../core/duration.ts";
import { alignRows } from "../rows.ts";
import type { Heard } from "./listener.ts";

interface Summary {
  readonly requests: number;
  readonly valid: number;
  /** Different ids among the valid ones. */
  readonly events: number;
  readonly invalid: number;
  /** By the check that failed. */
  readonly failedChecks: Readonly<Record<string, number>>;
  /** By status; without those nobody waited for. */
  readonly answers: Readonly<Record<string, number>>;
  /** Senders that did not wait for the answer. */
  readonly hungUp: number;
}

export function createTally() {
  const copies = new Map<string, number>();
  const failedChecks = new Map<string, number>();
  const answers = new Map<string, number>();
  let [requests, hungUp] = [0, 0];
  const sum = (counts: ReadonlyMap<string, number>): number =>
    [...counts.values()].reduce((total, count) => total + count, 0);
  return {
    /** Times that this event has come by now, this one included; 0 for what is not valid. */
    count: ({ diagnosis, answer, isAnswerTaken }: Heard): number => {
      requests += 1;
      if (isAnswerTaken) increment(answers, String(answer.status));
      else hungUp += 1;
      if (diagnosis.kind === "valid") return increment(copies, diagnosis.event.id);
      increment(failedChecks, diagnosis.kind === "invalid" ? diagnosis.code : "UNREADABLE");
      return 0;
    },
    summary: (): Summary => ({
      requests,
      valid: sum(copies),
      events: copies.size,
      invalid: sum(failedChecks),
      failedChecks: Object.fromEntries(failedChecks),
      answers: Object.fromEntries(answers),
      hungUp,
    }),
  };
}

function increment(counts: Map<string, number>, name: string): number {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count;
}

export function summaryText(summary: Summary, lastedMs: number): string {
  const { requests, valid, events, invalid, failedChecks, answers, hungUp } = summary;
  const rows = [
    ["valid", String(valid), valid === events ? "" : `${events} different, ${valid - events} copies`],
    ["invalid", String(invalid), listed(failedChecks)],
    ["answered", String(requests - hungUp), listed(answers)],
    ...(hungUp === 0 ? [] : [["hung up", String(hungUp), "before they were answered"]]),
  ];
  return `\n${requests} requests in ${roughSpan(lastedMs)}\n${alignRows(rows, [1])}`;
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} × ${count}`)
    .join(", ");
