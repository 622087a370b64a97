/** What the routes of events and deliveries need from the rest of the house; the desks of src/app fit as they are. */
import type { EndpointId, EventId } from "../core/brand.ts";
import type { DeliveryState, DeliveryStatus, PastAttempt } from "../core/delivery.ts";
import type { DestinationRequest } from "../core/destination.ts";
import type { Durability } from "../core/durability.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Page, PageRequest } from "../core/page.ts";

/** An event whose data is JSON text, cut out of the request as it stands. */
export interface TextEvent {
  readonly type: string;
  readonly dataText: string;
  readonly id?: string;
  readonly timestamp?: string;
  readonly destinations?: readonly DestinationRequest[];
}

export interface ShownDelivery {
  readonly id: string;
  readonly event: Pick<PublishedEvent, "id" | "type">;
  readonly endpointId: string;
  /** Epoch ms, as all times here. */
  readonly createdAt: number;
  readonly state: DeliveryState;
  readonly nextAttemptAt: number | null;
}

export interface ShownAttempt extends PastAttempt {
  readonly responseExcerpt: string | null;
}

export interface WholeDelivery extends ShownDelivery {
  readonly attempts: readonly ShownAttempt[];
}

export interface WholeEvent {
  readonly event: PublishedEvent;
  readonly acceptedAt: number;
  readonly deliveries: Page<ShownDelivery>;
}

export interface FeedFilter {
  readonly type: string | null;
  readonly since: number | null;
}

export interface DeliveryFilter {
  readonly eventId: EventId | null;
  readonly endpointId: EndpointId | null;
  readonly status: DeliveryStatus | null;
  readonly since: number | null;
  readonly until: number | null;
}

export interface EventDesk {
  /** Resolves with the ids, in order, once every event is stored; rejects with a coded error. */
  readonly publishOnce: (
    events: readonly TextEvent[],
    options: { readonly durability?: Durability },
  ) => Promise<readonly { readonly id: string }[]>;
  readonly get: (id: string) => Promise<WholeEvent>;
  readonly feed: (filter: FeedFilter, request: PageRequest) => Promise<Page<PublishedEvent>>;
  readonly replay: (
    id: string,
    endpointId: string | null,
  ) => Promise<{ readonly started: number; readonly broughtForward: number }>;
}

export interface DeliveryDesk {
  readonly list: (filter: DeliveryFilter, request: PageRequest) => Promise<Page<ShownDelivery>>;
  readonly get: (id: string) => Promise<WholeDelivery>;
  readonly retry: (id: string) => Promise<void>;
  readonly cancel: (id: string) => Promise<void>;
}
