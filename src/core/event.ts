/**
 * An event: something that happened, as its producer published it. `data` is the producer's JSON text
 * and is never re-serialised: key order, big integers and escapes reach the receiver as they were
 * written (decision 6). Pure: no clock, no dice, no I/O.
 */
import type { CheckedText, EventId } from "./brand.ts";
import { isOperatorEventType } from "./operator-event.ts";
import type { TraceContext } from "./trace-context.ts";

/** Its trace goes with it, since a batch holds events of many. */
export interface PublishedEvent extends Partial<TraceContext> {
  readonly id: EventId;
  readonly type: string;
  /** ISO 8601, when it happened according to the producer; when it was published if they did not say. */
  readonly timestamp: string;
  /** JSON text. */
  readonly data: string;
  /** RFC 3339: from then on nobody wants to hear of it. */
  readonly expiresAt?: string;
  /** Receivers besides the endpoints that subscribed to it. */
  readonly destinations?: readonly Destination[];
  readonly legacy?: LegacyPart;
}

/** The part of an event that concerns the legacy bus, and no receiver of webhooks. */
interface LegacyPart {
  /** JSON text for the bus, byte for byte; the bus gets the event's data when it is absent. */
  readonly data?: string;
  /** The publisher has written the bus already. */
  readonly isWritten?: true;
}

/** An event as a producer asked for it, looked at once and found good; what is absent, publishing fills in. */
export interface CheckedEvent extends Partial<TraceContext> {
  readonly type: string;
  readonly checkedText: CheckedText;
  readonly id?: EventId;
  readonly timestamp?: string;
  readonly expiresAt?: string;
  readonly destinations?: readonly Destination[];
  /** JSON text for the legacy bus. */
  readonly legacyText?: CheckedText;
  /** Findings about its data that its receivers bear: told to its producer, never stored. */
  readonly warnings?: readonly string[];
}

const checked = new WeakSet<object>();

/** For who has checked it: no member of an event could say so, since a producer may pass on whatever it got. */
export function markChecked(event: CheckedEvent): CheckedEvent {
  checked.add(event);
  return event;
}

export const isChecked = (event: object): event is CheckedEvent => checked.has(event);

/** The content of one job of events. */
export interface EventsBatch {
  readonly events: readonly PublishedEvent[];
  /** The job that first held them, in whose name they are claimed. */
  readonly holder: string;
  /** Epoch ms at which they were stored. */
  readonly acceptedAt: number;
}

/** A receiver that came with the event (see destination.ts). */
export interface Destination {
  readonly url: string;
  readonly events: readonly string[];
  /** The name of one of the signing endpoint's profiles; null for all of them. */
  readonly profile: string | null;
  /** The endpoint that signs. */
  readonly keyId: string;
}

/** Standard Webhooks 1.0 allows no dot in `webhook-id`, because the signature joins its parts with dots. */
export const EVENT_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * As others write their types, too, who are to rename nothing when they come here: `userCreated`, `Order.Paid`,
 * `user-created`. Linear-time on purpose: the obvious nested-quantifier form took 26.8 s on 29 characters (trap 32).
 */
export const EVENT_TYPE_PATTERN = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,7}$/;
/** The same in words that go on after "expected". */
export const EVENT_TYPE_IN_WORDS = "words of A–Z a–z 0–9 _ - with dots between them, like job.completed";
export const EVENT_TYPE_MAX_LENGTH = 128;

/** RFC 3339 with a zone; the receiver gets the producer's own text. */
export const TIMESTAMP_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

const THIRTY_DAYS: readonly number[] = [4, 6, 9, 11];

function daysOf(year: number, month: number): number {
  if (month !== 2) return THIRTY_DAYS.includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/**
 * A time that there is. `Date.parse` takes the 30th of February for the 2nd of March and hour 24 for the next day, and
 * receivers' parsers refuse both. So they do a leap second, which no clock of ours can show either.
 */
export function isTime(text: string): boolean {
  if (!TIMESTAMP_PATTERN.test(text)) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text
    .slice(0, 19)
    .split(/[-T:]/)
    .map(Number);
  const [zoneHour = 0, zoneMinute = 0] = text.endsWith("Z") ? [] : text.slice(-5).split(":").map(Number);
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  return isDay && hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60;
}

/** The same in words that go on after "expected". */
export const TIME_IN_WORDS = "an RFC 3339 time, like 2026-01-31T12:00:00Z";
export const EVENT_ID_IN_WORDS = "1–64 characters of A–Z a–z 0–9 _ -";

/** Its end has come. */
export const isPastEnd = ({ expiresAt }: Pick<PublishedEvent, "expiresAt">, nowMs: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;

/** The same as a person asks for it: wanted again, whatever its end. */
export function withoutEnd<Event extends Pick<PublishedEvent, "expiresAt">>({
  expiresAt: _,
  ...event
}: Event): Omit<Event, "expiresAt"> {
  return event;
}

export const EVENT_DATA_MAX_BYTES = 256 * 1024;

export function isEventType(text: string): boolean {
  return text.length <= EVENT_TYPE_MAX_LENGTH && EVENT_TYPE_PATTERN.test(text);
}

/**
 * A subscription: an exact type, a family (`job.*`), or everything that producers publish (`*`). A type is as long as it may
 * be without the end that makes it a family.
 */
export const SUBSCRIPTION_PATTERN =
  /^(?:\*|(?=.{1,128}(?:\.\*)?$)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,7}(?:\.\*)?)$/;

export const isSubscription = (text: string): boolean => SUBSCRIPTION_PATTERN.test(text);

/**
 * `job.*` covers `job.completed` and `job.stage.changed`, but not `job` itself. `*` leaves out what Hookwave publishes of
 * itself: a receiver of everything gets none of that unless it has asked by name or family.
 */
export function subscriptionCovers(subscription: string, type: string): boolean {
  if (subscription === "*") return !isOperatorEventType(type);
  if (subscription.endsWith(".*")) return type.startsWith(subscription.slice(0, -1));
  return subscription === type;
}
