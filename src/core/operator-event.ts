/**
 * Operator events: those that Hookwave publishes of itself, about an endpoint or a delivery to one. They are delivered like
 * any other, but only to who has asked for them, never to the endpoint that they are about, and none is about another: so
 * they can neither surprise a receiver nor go round in circles.
 */
import { asEndpointId, type EndpointId } from "./brand.ts";
import { isJsonText } from "./json-text.ts";

export const OPERATOR_EVENT_TYPES = [
  "endpoint.failing",
  "endpoint.recovered",
  "endpoint.disabled",
  "delivery.dead_lettered",
] as const;
export type OperatorEventType = (typeof OPERATOR_EVENT_TYPES)[number];

const TYPES: ReadonlySet<string> = new Set(OPERATOR_EVENT_TYPES);

export const isOperatorEventType = (type: string): boolean => TYPES.has(type);

/** The endpoint that an operator event is about; null for any other event. */
export function subjectOf({
  type,
  data,
}: {
  readonly type: string;
  readonly data: string;
}): EndpointId | null {
  if (!isOperatorEventType(type) || !isJsonText(data)) return null;
  const about: unknown = JSON.parse(data);
  const id: unknown = typeof about === "object" && about !== null ? Reflect.get(about, "endpoint_id") : null;
  return typeof id === "string" ? asEndpointId(id) : null;
}
