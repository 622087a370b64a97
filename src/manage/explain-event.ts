/**
 * An explanation of an event that is not sent: who would get it, who would not and why. It reads what stands now and
 * remembers nothing.
 */
import type { EndpointId, EventId } from "../core/brand.ts";
import { wants } from "../core/destination.ts";
import { type Endpoint, subscribes } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { System } from "../core/system.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { destinationId } from "../endpoints/destinations.ts";
import { type AnyTextEvent, prepareEvent } from "../publish/check-event.ts";
import { openUntilOf, type SharedBreakers } from "../store/breakers.ts";
import type { Endpoints } from "../store/endpoints.ts";
import { type Redis, untilReady } from "../store/redis.ts";
import type { EndpointManagement } from "./endpoints.ts";
import {
  type Circumstances,
  type Explanation,
  explainDestination,
  explainEndpoint,
} from "./explain-receiver.ts";

interface ExplainRequest extends PageRequest {
  /** Leave out the receivers that the event's type is not for. */
  readonly onlyMatching: boolean;
  /** Only this receiver; nothing where there is none of this id. */
  readonly only?: EndpointId | undefined;
}

interface ExplainedEvent extends Page<Explanation> {
  readonly eventId: EventId;
  /** True when an event of this id has been published before: then nobody would get it again. */
  readonly isDuplicate: boolean;
  /** Of the receivers that the event itself names, in its order; only with the first page. */
  readonly destinations: readonly Explanation[];
}

/**
 * Says for each endpoint whether it would get this event if it were published now, and why not. Endpoints come oldest
 * first; a page is shorter where bodies are long. Throws EVENT_INVALID, EVENT_TOO_LARGE or CURSOR_INVALID.
 */
export type ExplainEvent = (event: AnyTextEvent, page: ExplainRequest) => Promise<ExplainedEvent>;

interface ExplainEventDeps {
  readonly policy: AddressPolicy;
  readonly endpointManagement: Pick<EndpointManagement, "page">;
  readonly rateWaitMs: Circumstances["rateWaitMs"];
  readonly endpoints: Endpoints;
  readonly breakers: SharedBreakers;
  readonly redis: Redis;
  readonly isPublished: (id: EventId) => Promise<boolean>;
  readonly system: System;
}

/** The most that the bodies of one page may come to: each endpoint's is shown whole. */
const PAGE_BODY_CHARACTERS = 1_024 * 1_024;

export function createExplainEvent(deps: ExplainEventDeps): ExplainEvent {
  const { policy, endpointManagement, endpoints, breakers, rateWaitMs, redis, isPublished, system } = deps;

  const one = async (id: EndpointId, isWanted: (endpoint: Endpoint) => boolean): Promise<Page<Endpoint>> => {
    await endpoints.reload(id);
    const found = endpoints.get(id);
    return { data: found !== undefined && isWanted(found) ? [found] : [], next: null };
  };

  return async (asked, { onlyMatching, only, ...page }) => {
    const event = prepareEvent(asked, system);
    await untilReady(redis);
    const filter = onlyMatching ? { eventType: event.type } : {};
    const { data, next } =
      only === undefined
        ? await endpointManagement.page(filter, withinBodies(page, event))
        : await one(only, (endpoint) => !onlyMatching || subscribes(endpoint, event.type));
    const isDuplicate = await isPublished(event.id);
    const openUntil = (endpoint: Endpoint) => openUntilOf(breakers, endpoint);
    const moment = { startedAtMs: system.now(), attemptNumber: 1, nonce: system.uuid() };
    const circumstances = { moment, policy, isDuplicate, openUntil, rateWaitMs };
    const named = page.after === null ? (event.destinations ?? []) : [];
    const shown = named.filter(
      (destination) =>
        (!onlyMatching || wants(destination, event.type)) &&
        (only === undefined || destinationId(destination) === only),
    );
    const [destinations, explained] = await Promise.all([
      Promise.all(shown.map((one) => explainDestination(one, event, endpoints, circumstances))),
      Promise.all(data.map((one) => explainEndpoint(one, event, circumstances))),
    ]);
    return { eventId: event.id, isDuplicate, destinations, data: explained, next };
  };
}

function withinBodies(page: PageRequest, { data }: PublishedEvent): PageRequest {
  const most = Math.max(1, Math.floor(PAGE_BODY_CHARACTERS / data.length));
  return { ...page, limit: Math.min(page.limit, most) };
}
