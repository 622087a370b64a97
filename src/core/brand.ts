/**
 * Branded strings: an event id cannot be passed where an endpoint id is meant.
 * The one place where a plain string becomes an id; callers validate first.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type EventId = Branded<"EventId">;
export type EndpointId = Branded<"EndpointId">;
export type DeliveryId = Branded<"DeliveryId">;

export const asEventId = (text: string): EventId => text as EventId;
export const asEndpointId = (text: string): EndpointId => text as EndpointId;
export const asDeliveryId = (text: string): DeliveryId => text as DeliveryId;
