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

/** By name, since the catalogue's schemas would bring a library with them; a test keeps the two lists equal. */
const KNOWN_TYPES: readonly KnownEventType[] = [
  "model.registered",
  "job.started",
  "job.progress",
  "job.stage_changed",
  "job.completed",
  "job.failed",
  "job.cancelled",
  "task_started",
  "task_progress",
  "task_completed",
  "task_failed",
  "workflow.completed",
  "workflow.failed",
  "llm.step.completed",
  "webhook.test",
];

/** Makes an authentic event a typed one. */
export function webhookEvent(fields: Omit<CustomWebhookEvent, "kind">): WebhookEvent {
  const known = { kind: "known", ...fields } as const;
  return isKnown(known) ? known : { kind: "custom", ...fields };
}

function isKnown(event: EventOf<"known", string, unknown>): event is KnownWebhookEvent {
  return KNOWN_TYPES.some((type) => type === event.type);
}
