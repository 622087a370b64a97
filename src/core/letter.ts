/**
 * Dead letters as a person looks through them: one line's worth of each, and what a list, a purge or a replay of
 * many is narrowed to. The letter itself, with its whole event, is in delivery.ts.
 */
import type { EndpointId, EventId } from "./brand.ts";
import type { DeadLetter } from "./delivery.ts";
import { subscriptionCovers } from "./event.ts";
import type { BuryReason } from "./verdict.ts";

/** The same fields whatever its kind; null where an events job, which was never a delivery, has nothing to say. */
export interface LetterSummary {
  readonly id: string;
  readonly eventId: EventId | null;
  readonly eventType: string | null;
  readonly endpointId: EndpointId | null;
  readonly because: BuryReason;
  /** ISO 8601. */
  readonly buriedAt: string;
  readonly attempts: number;
  /** The HTTP status of the last attempt; null where there was no answer, or no attempt, or nobody has noted it. */
  readonly lastStatus: number | null;
}

/** Dead letters that were given up by one endpoint for the same reason after the same answer. */
export interface LetterGroup extends Pick<LetterSummary, "endpointId" | "because" | "lastStatus"> {
  readonly count: number;
  /** ISO 8601. */
  readonly oldestAt: string;
  readonly newestAt: string;
}

export interface LetterGroups {
  /** Those with the most letters first. */
  readonly groups: readonly LetterGroup[];
  /** Letters that are in some group; all that match where it is complete, else the newest. */
  readonly counted: number;
  readonly isComplete: boolean;
  /** True where there are more groups than are shown. */
  readonly hasMore: boolean;
}

/** The part of a letter by which the index finds it. */
export type LetterEntry = Pick<LetterSummary, "id" | "endpointId">;

export type LetterOrder = "newest" | "oldest";

/** The place of a letter in lists of them: a cursor right behind it. */
export const letterPlace = ({ id, buriedAt }: Pick<LetterSummary, "id" | "buriedAt">): string =>
  `${Date.parse(buriedAt)}:${id}`;

/** A field that is absent does not narrow. */
export interface LetterFilter {
  readonly endpoint?: EndpointId | undefined;
  /** A type, a family (`job.*`) or everything (`*`). */
  readonly type?: string | undefined;
  readonly reason?: BuryReason | undefined;
  /** Epoch ms: buried then or later. */
  readonly since?: number | undefined;
  /** Epoch ms: buried before. */
  readonly until?: number | undefined;
}

export function summaryOf(id: string, letter: DeadLetter): LetterSummary {
  const { because, buriedAt } = letter;
  if (letter.kind === "job")
    return {
      id,
      eventId: null,
      eventType: null,
      endpointId: null,
      because,
      buriedAt,
      attempts: 0,
      lastStatus: null,
    };
  const { event, endpointId, attempts } = letter.delivery;
  return {
    id,
    eventId: event.id,
    eventType: event.type,
    endpointId,
    because,
    buriedAt,
    attempts: attempts.length,
    lastStatus: attempts.at(-1)?.status ?? null,
  };
}

/** Does the filter ask for more than an index by endpoint and time can tell? */
export const needsLook = ({ type, reason }: LetterFilter): boolean =>
  type !== undefined || reason !== undefined;

/** Of letters of the right endpoint and time: is it one of those asked for? */
export function isWanted(
  { type, reason }: LetterFilter,
  { eventType, because }: Pick<LetterSummary, "eventType" | "because">,
): boolean {
  if (reason !== undefined && because !== reason) return false;
  return type === undefined || (eventType !== null && (type === "*" || subscriptionCovers(type, eventType)));
}
