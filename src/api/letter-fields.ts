/** Dead letters and what narrows them to some, as the routes of letters and of replays write them. */
import { z } from "zod";
import { type LetterFilter, type LetterGroups, type LetterSummary, summaryOf } from "../core/letter.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import type { WholeLetter } from "../manage/dead-letters.ts";
import { inJson, isoOf } from "./json-names.ts";
import { hiddenMark, withoutData, withoutExcerpts } from "./payloads.ts";
import { endpointId, pageOf, subscription, timeQuery } from "./routing.ts";
import { answeredAttempt } from "./shown-delivery.ts";

/** The same in a query and in a body. */
export const letterFilter = {
  endpoint: endpointId.optional().describe("Owed to this endpoint."),
  type: subscription.optional().describe("A type, a family (`job.*`) or `*`."),
  reason: z.enum(BURY_REASONS).optional().describe("Given up because of this."),
  since: timeQuery.describe("Buried then or later."),
  until: timeQuery.describe("Buried before."),
};

export const shownFilter = z.object({
  endpoint: z.string().optional(),
  type: z.string().optional(),
  reason: z.enum(BURY_REASONS).optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
});

export function showFilter({ since, until, ...rest }: LetterFilter): z.output<typeof shownFilter> {
  return { ...rest, since: isoOf(since), until: isoOf(until) };
}

export const letterSchema = z.object({
  id: z.string(),
  event_id: z.string().nullable().describe("null for an events job, which was never dispatched."),
  event_type: z.string().nullable(),
  endpoint_id: z.string().nullable(),
  reason: z.enum(BURY_REASONS).describe("Why it was given up."),
  buried_at: z.iso.datetime(),
  attempt_count: z.number().int().describe("In its last round."),
  last_status: z
    .number()
    .int()
    .nullable()
    .describe(
      "The HTTP status of its last attempt; null where there was no answer, or it was not noted yet.",
    ),
});

const letterGroup = letterSchema.pick({ endpoint_id: true, reason: true, last_status: true }).extend({
  count: z.number().int(),
  oldest_at: z.iso.datetime(),
  newest_at: z.iso.datetime(),
});

export const letterGroupsSchema = z.object({
  data: z.array(letterGroup).describe("Those with the most letters first; 500 at the most."),
  more: z.boolean().describe("Whether there are more groups."),
  counted: z.number().int().describe("Letters that are in these groups, or in those left out."),
  complete: z.boolean().describe("Whether that is all that match; else it is the newest of them."),
});

export const showGroups = ({ groups, counted, isComplete, hasMore }: LetterGroups) => ({
  data: groups.map(({ because, ...group }) => inJson({ ...group, reason: because })),
  more: hasMore,
  counted,
  complete: isComplete,
});

export const letterPage = pageOf(letterSchema).extend({
  total: z.number().int().optional().describe("All that match, where that was asked for."),
});

export const wholeLetterSchema = letterSchema.extend({
  round: z.number().int().nullable().describe("How often it had been sent again before."),
  attempts: z.array(answeredAttempt),
  timestamp: z.string().nullable().describe("When the event happened, as its producer wrote it."),
  job: z
    .object({ id: z.string(), added_at: z.iso.datetime(), problem: z.string(), text: z.string() })
    .nullable()
    .describe("The events job that could not be read, or killed its workers; null for a delivery."),
  data: z.unknown().describe("The event's data, exactly the bytes that were published; null for a job."),
  ...hiddenMark,
});

export type ShownLetter = z.output<typeof letterSchema>;
export type LetterPage = z.output<typeof letterPage>;
export type ShownLetterGroups = z.output<typeof letterGroupsSchema>;
export type ShownWholeLetter = z.output<typeof wholeLetterSchema>;

export function showLetter({ because, buriedAt, attempts, ...ids }: LetterSummary): ShownLetter {
  return inJson({ ...ids, reason: because, buriedAt, attemptCount: attempts });
}

/** `data` is JSON text, for event-text.ts. */
export function showWholeLetter({ id, letter, excerpts }: WholeLetter): ShownWholeLetter {
  const summary = showLetter(summaryOf(id, letter));
  if (letter.kind === "job") {
    const { jobId, addedAt, problem, text } = letter;
    const job = { id: jobId, added_at: isoOf(addedAt), problem, text };
    return { ...summary, round: null, attempts: [], timestamp: null, job, data: "null" };
  }
  const { event, attempts, round } = letter.delivery;
  return {
    ...summary,
    round,
    attempts: attempts.map((one, index) => inJson({ ...one, responseExcerpt: excerpts[index] ?? null })),
    timestamp: event.timestamp,
    job: null,
    data: event.data,
  };
}

/** The text of an events job is data, too. */
export function withoutPayload(letter: ShownWholeLetter): ShownWholeLetter {
  return withoutData(withoutExcerpts({ ...letter, job: letter.job && { ...letter.job, text: "" } }));
}
