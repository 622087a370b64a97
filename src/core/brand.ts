/**
 * Branded strings: an event id cannot be passed where an endpoint id is meant, nor text that nobody has looked at
 * where checked text is. The one place where a plain string becomes one of them; callers validate first.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type EventId = Branded<"EventId">;
export type EndpointId = Branded<"EndpointId">;
/** Scheme, host and port of a receiver. */
export type Origin = Branded<"Origin">;
export type DeliveryId = Branded<"DeliveryId">;
/** A sender of callbacks, and one callback of it. */
export type SourceId = Branded<"SourceId">;
export type CallbackId = Branded<"CallbackId">;
/** An event's data as JSON text: parsed, within its size, and of the shape that the event's type promises. */
export type CheckedText = Branded<"CheckedText">;

export const asEventId = (text: string): EventId => text as EventId;
export const asEndpointId = (text: string): EndpointId => text as EndpointId;
export const asOrigin = (text: string): Origin => text as Origin;
export const asDeliveryId = (text: string): DeliveryId => text as DeliveryId;
export const asSourceId = (text: string): SourceId => text as SourceId;
export const asCallbackId = (text: string): CallbackId => text as CallbackId;
export const asCheckedText = (text: string): CheckedText => text as CheckedText;
