/** The lines of the witness, for people. A message's text is told by the beginning of its digest: it may hold what is secret. */
import { formatDuration, roughSpan } from "../../core/duration.ts";
import type { Phase } from "../../core/migration.ts";
import { printable } from "../printable.ts";
import { alignRows } from "../rows.ts";
import type { Counts, Mismatch } from "./comparison.ts";

interface Opening {
  readonly channels: readonly string[];
  readonly endpointId: string;
  readonly phase: Phase;
  readonly graceMs: number;
}

export function openingText({ channels, endpointId, phase, graceMs }: Opening): string {
  const where = printable(channels.join(", "), 200);
  const first = `listening to ${where}, comparing with deliveries to ${endpointId} after ${formatDuration(graceMs)}; Ctrl-C ends it`;
  if (phase === "dual") return first;
  return `${first}\nthe phase is ${phase}: only in dual does every event go both ways, so differences are no surprise`;
}

export function mismatchText({ kind, eventId, digest, status }: Mismatch, nowMs: number): string {
  const time = new Date(nowMs).toISOString();
  const delivery = status === null ? "there is no delivery" : `its delivery is ${status}`;
  const text = `the text ${digest.slice(0, 12)}`;
  switch (kind) {
    case "not_heard":
      return `${time}  NOT HEARD      ${eventId}: ${delivery}, and the channel has not said it`;
    case "not_delivered":
      return `${time}  NOT DELIVERED  ${eventId}: heard, and ${delivery}`;
    case "neither":
      return `${time}  NEITHER        ${eventId}: not heard, and ${delivery}`;
    case "no_event":
      return `${time}  NO EVENT       ${text}: heard, and no event of it has been taken on`;
  }
}

export function countsText({ heard, matched, open, mismatches }: Counts): string {
  return `heard ${heard}, the same both ways ${matched}, not decided yet ${open}, different ${mismatches}`;
}

export function summaryText(counts: Counts, lastedMs: number, losses: number): string {
  const { heard, matched, outsideShare, copies, open, mismatches } = counts;
  const rows = [
    [
      "the same both ways",
      String(matched),
      outsideShare === 0 ? "" : `${outsideShare} by the bus alone, outside the share`,
    ],
    ["different", String(mismatches), ""],
    ["heard again", String(copies), copies === 0 ? "" : "the bus promises at least once"],
    ["not decided", String(open), open === 0 ? "" : "younger than the grace"],
    ...(losses === 0 ? [] : [["deaf", String(losses), "times; what went by then proves nothing"]]),
  ];
  return `\nheard ${heard} messages in ${roughSpan(lastedMs)}\n${alignRows(rows, [1])}`;
}
