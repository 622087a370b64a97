/** The summary of the demo: a table of the receivers, the gaps they measured, and each promise with its answer. */
import { alignRows } from "../rows.ts";
import type { Style } from "../terminal.ts";
import { type Check, gapsOf, seconds, webhookIds } from "./checks.ts";
import type { DemoReceiver } from "./receiver.ts";

const COLUMNS = [
  ["DELIVERIES", "deliveries"],
  ["ATTEMPTS", "attempts"],
  ["VERIFIED", "verified"],
  ["DELIVERED", "delivered"],
  ["DEAD-LETTERED", "deadLettered"],
  ["REPLAYED", "replayed"],
] as const;

/** `replays` says how many of a receiver's deliveries became dead letters and were replayed. */
export function summaryOf({ role, notes }: DemoReceiver, replays: number) {
  const ids = webhookIds(notes);
  const gapsMs = gapsOf(notes, ids[0] ?? "").map(Math.round);
  return {
    receiver: role.name,
    deliveries: ids.length,
    attempts: notes.length,
    verified: notes.filter(({ isVerified }) => isVerified).length,
    delivered: notes.filter(({ status }) => status === 200).length,
    deadLettered: replays,
    replayed: replays,
    /** Between the attempts of its first delivery; a replay is not among them. */
    gapsMs: gapsMs.slice(0, gapsMs.length - replays),
  };
}

export function summaryTable(rows: readonly ReturnType<typeof summaryOf>[], style: Style): string {
  const head = ["RECEIVER", ...COLUMNS.map(([title]) => title)].map((title) => style("dim", title));
  const cells = rows.map((row) => [row.receiver, ...COLUMNS.map(([, count]) => String(row[count]))]);
  const gaps = rows
    .filter(({ gapsMs }) => gapsMs.length > 0)
    .map(({ receiver, gapsMs }) => [receiver, `tried again after ${seconds(gapsMs)}`]);
  const countColumns = COLUMNS.map((_, index) => index + 1);
  return `${alignRows([head, ...cells], countColumns)}\n\n${alignRows(gaps)}`;
}

export function checkLines(checks: readonly Check[], style: Style): string {
  return alignRows(
    checks.map(({ claim, holds, got }) =>
      holds ? [style("green", "yes"), claim] : [style("red", "NO"), claim, `got ${got}`],
    ),
  );
}
