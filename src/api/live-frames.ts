/** A live view's news as Server-Sent Events (WHATWG HTML, 9.2). */
import { z } from "zod";
import { placeText, type RecentAttempt } from "../core/live.ts";
import type { LiveNews } from "../manage/live-view.ts";
import { logRow, showAttempt } from "./webhook-log-fields.ts";

/** The stream of all has no answers of receivers in it. */
export const liveRow = logRow.omit({ response_excerpt: true });
export type LiveRow = z.output<typeof liveRow>;

/** Two thousand of them a second are nothing for a schema to pick from. */
const SHOWN = Object.keys(liveRow.shape);

export const droppedNotice = z.object({
  count: z
    .number()
    .int()
    .nullable()
    .describe("Attempts that were left out here; null where nobody knows how many."),
});

/** Of a browser, before it comes back. */
const RETRY_MS = 1_000;

export const openingFrame = (news: LiveNews): string =>
  `: live\nretry: ${RETRY_MS}\n${placeLine(news)}\n${framesOf(news)}`;

export const keepAliveFrame = (news: LiveNews): string =>
  `: keep-alive\n${placeLine(news)}\n${framesOf(news)}`;

export function framesOf({ dropped, attempts, places }: LiveNews): string {
  const notice = dropped === 0 ? "" : `event: dropped\ndata: ${JSON.stringify({ count: dropped })}\n\n`;
  return `${notice}${attempts.map((one, nth) => frameOf(one, places?.[nth])).join("")}`;
}

/** An id without data: a browser remembers it, and shows nothing. */
const placeLine = ({ place, attempts }: LiveNews): string =>
  place === null || attempts.length > 0 ? "" : `id: ${place}\n`;

/** The same attempt goes to everyone who watches. */
const written = new WeakMap<RecentAttempt, string>();

const frameOf = (attempt: RecentAttempt, place = placeText(attempt.place)): string =>
  `id: ${place}\n${eventOf(attempt)}`;

function eventOf(attempt: RecentAttempt): string {
  const known = written.get(attempt);
  if (known !== undefined) return known;
  const shown = JSON.stringify(showAttempt({ record: attempt.record, excerpt: "" }), SHOWN);
  const text = `event: attempt\ndata: ${shown}\n\n`;
  written.set(attempt, text);
  return text;
}
