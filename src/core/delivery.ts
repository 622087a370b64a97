/**
 * A delivery: one event owed to one endpoint, and what has been tried so far. It carries its whole event, so
 * that a retry days later needs nothing that may have expired meanwhile.
 */
import {
  asDeliveryId,
  asEndpointId,
  asEventId,
  type DeliveryId,
  type EndpointId,
  type EventId,
} from "./brand.ts";
import { ENDPOINT_ID_PATTERN, type Owed } from "./endpoint.ts";
import { type Destination, EVENT_ID_PATTERN, type PublishedEvent } from "./event.ts";
import type { OutcomeKind } from "./outcome.ts";
import type { AttemptVerdict, BuryReason } from "./verdict.ts";

/** One finished attempt as it is kept with its delivery. */
export interface PastAttempt {
  readonly attemptNumber: number;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: OutcomeKind;
  readonly status: number | null;
  readonly reason: string | null;
  /** Its span: later attempts are linked to the first one's. */
  readonly traceparent?: string;
}

export interface Delivery extends Owed {
  readonly event: PublishedEvent;
  readonly endpointId: EndpointId;
  /** The receiver of one that is owed to no registered endpoint; `endpointId` is then the destination's own. */
  readonly destination?: Destination;
  /** Epoch ms at which the event was stored; delivery latency counts from here. */
  readonly acceptedAt: number;
  readonly attempts: readonly PastAttempt[];
  /** 0 at first, one more with each replay: what is recorded of one round does not settle the next. */
  readonly round: number;
  /** Epoch ms since when it has been held without an attempt. */
  readonly heldSince: number | null;
}

/** `held`: it waits, and nothing has been tried yet in this round. `cancelled`: a person ended it. */
export const DELIVERY_STATUSES = ["held", "retrying", "delivered", "buried", "cancelled"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One delivery as its event's record has it: enough for a re-run to know what is already done. */
export interface DeliveryState extends Owed {
  readonly round: number;
  readonly status: DeliveryStatus;
  readonly attempts: readonly PastAttempt[];
  /** Epoch ms of the next attempt while retrying. */
  readonly nextAttemptAt: number | null;
  readonly because: BuryReason | null;
}

/** The name of a delivery: its event and its endpoint. */
export interface DeliveryKey {
  readonly event: Pick<PublishedEvent, "id">;
  readonly endpointId: EndpointId;
}

/** The name that still tells deliveries apart where an event's id is used again. */
export interface AcceptedKey extends DeliveryKey {
  /** Epoch ms. */
  readonly acceptedAt: number;
}

/** The result of claiming an event: nobody had it, this very job had it (a re-run), or another job has it. */
export type Claim =
  | { readonly kind: "fresh" }
  | {
      readonly kind: "again";
      /** Epoch ms: what the first run took for it. */
      readonly acceptedAt: number;
      readonly states: ReadonlyMap<EndpointId, DeliveryState>;
    }
  | { readonly kind: "taken" };

/** One round of a delivery: it has one job or one place in a line, and one letter when it was given up. A replay starts a new one. */
export interface Round extends AcceptedKey {
  readonly round: number;
}

/** Of a delivery without a record its round is not known: hardly anybody sends one again more often. */
export const ROUNDS_LOOKED_FOR = 16;

/** The name of a round among those of its endpoint. */
export const roundId = ({ event, acceptedAt, round }: Round): string => `${event.id}@${acceptedAt}#${round}`;

export function deliveryId(delivery: DeliveryKey): DeliveryId {
  return asDeliveryId(`${delivery.event.id}.${delivery.endpointId}`);
}

/** An event's deliveries as they begin; none of them carries the destinations of the others, or what is for the bus. */
export function deliveryOf(
  published: PublishedEvent,
  acceptedAt: number,
): (endpointId: EndpointId, owed?: Owed) => Delivery {
  const { destinations: _, legacy: __, ...event } = published;
  return (endpointId, owed = {}) => ({
    event,
    endpointId,
    ...incarnationOf(owed),
    acceptedAt,
    attempts: [],
    round: 0,
    heldSince: null,
  });
}

/** Of a delivery, or its state, that part alone. */
export const incarnationOf = ({ incarnation }: Owed): Owed =>
  incarnation === undefined ? {} : { incarnation };

/** The two ids of a delivery's; null for what is no delivery id. Neither of them may hold a dot. */
export function readDeliveryId(
  text: string,
): { readonly eventId: EventId; readonly endpointId: EndpointId } | null {
  const [eventId = "", endpointId = "", ...rest] = text.split(".");
  if (rest.length > 0 || !EVENT_ID_PATTERN.test(eventId) || !ENDPOINT_ID_PATTERN.test(endpointId))
    return null;
  return { eventId: asEventId(eventId), endpointId: asEndpointId(endpointId) };
}

/** The state that a finished attempt leaves its delivery in. */
export function stateAfter(
  verdict: AttemptVerdict,
  attempts: readonly PastAttempt[],
  { round, ...delivery }: Pick<Delivery, "round" | "incarnation">,
  nowMs: number,
): DeliveryState {
  const same = { round, attempts, ...incarnationOf(delivery) };
  switch (verdict.kind) {
    case "complete":
      return { ...same, status: "delivered", nextAttemptAt: null, because: null };
    case "retry":
      return { ...same, status: "retrying", nextAttemptAt: nowMs + verdict.inMs, because: null };
    case "bury":
      return { ...same, status: "buried", nextAttemptAt: null, because: verdict.because };
  }
}

/** A dead letter: a delivery, or an events job that could not be used, kept whole with the reason. */
export type DeadLetter =
  | {
      readonly kind: "delivery";
      readonly delivery: Delivery;
      readonly because: BuryReason;
      readonly buriedAt: string;
    }
  | {
      readonly kind: "job";
      /** The job it came from, so that burying it twice buries it once, and a replay finds the same ids. */
      readonly jobId: string;
      /** Epoch ms. */
      readonly addedAt: number;
      /** The job's text as it was found. */
      readonly text: string;
      readonly problem: string;
      readonly because: "invalid" | "poison";
      readonly buriedAt: string;
    };
