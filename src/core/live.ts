/**
 * Attempts as they are made, for whoever watches: one of them with its place in the stream of all, and what narrows them.
 * A place is told to a watcher, who comes back with it and misses nothing that the stream still has.
 */
import type { AttemptRecord } from "./attempt.ts";
import type { EndpointId } from "./brand.ts";
import { subscriptionCovers } from "./event.ts";
import type { OutcomeKind } from "./outcome.ts";

/** After the attempt `nth` of a write; after all of a write where it is infinite. */
export interface Place {
  /** Id of the write in the stream: `<epoch ms>-<n>`. */
  readonly entry: string;
  readonly nth: number;
}

export interface RecentAttempt {
  readonly place: Place;
  readonly record: AttemptRecord;
}

/** A field that is absent does not narrow. */
export interface LiveFilter {
  readonly endpoint?: EndpointId | undefined;
  /** A type, a family (`job.*`) or everything (`*`). */
  readonly type?: string | undefined;
  readonly outcome?: OutcomeKind | undefined;
  readonly verdict?: AttemptRecord["verdict"] | undefined;
}

/** A place as text: an entry of the stream, and which of its attempts. */
export const PLACE_PATTERN = /^(\d{1,15}-\d{1,15})(?:\.(\d{1,4}))?$/;

/** The same in each shard; nothing for one that nobody has looked at yet. */
export const PLACES_PATTERN =
  /^(?:\d{1,15}-\d{1,15}(?:\.\d{1,4})?)?(?:~(?:\d{1,15}-\d{1,15}(?:\.\d{1,4})?)?)*$/;

/** Null for a text that is no place. */
export function readPlace(text: string): Place | null {
  const [, entry, nth] = PLACE_PATTERN.exec(text) ?? [];
  if (entry === undefined) return null;
  return { entry, nth: nth === undefined ? Number.POSITIVE_INFINITY : Number(nth) };
}

export const placeText = ({ entry, nth }: Place): string =>
  Number.isFinite(nth) ? `${entry}.${nth}` : entry;

/** Negative where `one` comes first. */
export function comparePlaces(one: Place, other: Place): number {
  const [oneMs, oneSequence] = numbersOf(one);
  const [otherMs, otherSequence] = numbersOf(other);
  if (oneMs !== otherMs) return oneMs - otherMs;
  if (oneSequence !== otherSequence) return oneSequence - otherSequence;
  return one.nth === other.nth ? 0 : one.nth - other.nth;
}

function numbersOf({ entry }: Place): readonly [number, number] {
  const [ms = "", sequence = ""] = entry.split("-");
  return [Number(ms), Number(sequence)];
}

export function isWatched(record: AttemptRecord, { endpoint, type, outcome, verdict }: LiveFilter): boolean {
  return (
    (endpoint === undefined || record.endpointId === endpoint) &&
    (outcome === undefined || record.outcome === outcome) &&
    (verdict === undefined || record.verdict === verdict) &&
    (type === undefined || type === "*" || subscriptionCovers(type, record.eventType))
  );
}
