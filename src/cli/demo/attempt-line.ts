/** One attempt as one row of a table that fits 80 columns: when, what, to whom, what came of it, what is next. */
import type { AttemptRecord } from "../../core/attempt.ts";
import { pad } from "../rows.ts";
import { HUES } from "../state-hues.ts";
import type { Style } from "../terminal.ts";

const WIDTHS = [7, 16, 8, 6, 13, 5];
const FLUSH_RIGHT = [0, 5];

export function attemptHead(style: Style): string {
  const titles = ["TIME", "EVENT", "RECEIVER", "TRY", "OUTCOME", "TOOK", "THEN"];
  return row(titles.map((title) => style("dim", title)));
}

/** `isVerified` is what the receiver's own check of the signatures found. */
export function attemptLine(record: AttemptRecord, atMs: number, isVerified: boolean, style: Style): string {
  const { eventType, endpointId, attemptNumber, round, durationMs } = record;
  return row([
    style("dim", `${(atMs / 1_000).toFixed(2)} s`),
    eventType,
    endpointId,
    round === 0 ? `#${attemptNumber}` : "replay",
    outcomeOf(record, style),
    style("dim", `${Math.round(durationMs)} ms`),
    nextOf(record, isVerified, style),
  ]);
}

function row(cells: readonly string[]): string {
  const padded = cells.map((cell, column) => pad(cell, WIDTHS[column] ?? 0, FLUSH_RIGHT.includes(column)));
  return `  ${padded.join("  ")}`.trimEnd();
}

function outcomeOf({ outcome, status, reason }: AttemptRecord, style: Style): string {
  const text = `${outcome} ${status ?? reason ?? ""}`.trimEnd();
  return style(HUES[outcome], text);
}

function nextOf({ verdict, nextInMs }: AttemptRecord, isVerified: boolean, style: Style): string {
  switch (verdict) {
    case "complete":
      return isVerified ? style("dim", "verified") : style("red", "NOT VERIFIED");
    case "retry":
      return style("dim", `in ${((nextInMs ?? 0) / 1_000).toFixed(1)} s`);
    case "bury":
      return style("red", "dead letter");
  }
}
