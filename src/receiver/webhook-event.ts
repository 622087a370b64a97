/**
 * The event that a receiver's code gets to see, discriminated by its type. The types of the known events' data are the
 * sender's promise, which it checks when an event is published; here the signature is the evidence, and nothing is
 * validated again.
 */
import type { EventData, KnownEventType } from "../catalogue/catalogue.ts";

interface EventOf<Kind, Type, Data> {
  /** Is the type one of the catalogue's? `type` then narrows `data`, which a custom type could not do. */
  readonly kind: Kind;
  /** The same on every copy of the event: what to recognise a duplicate by. */
  readonly id: string;
  readonly type: Type;
  /** The time it happened, as the sender wrote it; when it was received, where the body does not say. */
  readonly timestamp: string;
  readonly data: Data;
}

export type KnownWebhookEvent = {
  [Type in KnownEventType]: EventOf<"known", Type, EventData<Type>>;
}[KnownEventType];
export type CustomWebhookEvent = EventOf<"custom", string, unknown>;
export type WebhookEvent = KnownWebhookEvent | CustomWebhookEvent;

/**
 * The catalogue's types: its schemas would bring a library with them, and a list of the names would be twice as long where
 * bytes are counted. A test keeps the two equal.
 */
const KNOWN_TYPE =
  /^(model\.registered|job\.(started|progress|stage_changed|completed|failed|cancelled)|task_(started|progress|completed|failed)|workflow\.(completed|failed)|llm\.step\.completed|webhook\.test|endpoint\.(failing|recovered|disabled)|delivery\.dead_lettered)$/;

/** Makes an authentic event a typed one. */
export function webhookEvent(fields: Omit<CustomWebhookEvent, "kind">): WebhookEvent {
  const known = { kind: "known", ...fields } as const;
  return isKnown(known) ? known : { kind: "custom", ...fields };
}

const isKnown = (event: EventOf<"known", string, unknown>): event is KnownWebhookEvent =>
  KNOWN_TYPE.test(event.type);
