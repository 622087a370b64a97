/**
 * Where people and other services look at events, follow them, and have them sent again; and where a producer that may
 * send one request twice publishes.
 */
import { hash } from "node:crypto";
import { asEndpointId, asEventId, type EndpointId } from "../core/brand.ts";
import { HookwaveError } from "../core/errors.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Page, PageRequest } from "../core/page.ts";
import { ownDestinations } from "../deliver/destinations.ts";
import type { NewTextEvent, Publisher, PublishOptions, Receipt } from "../publish/publisher.ts";
import type { DeliveryPages, RememberedDelivery } from "../store/delivery-pages.ts";
import { type Endpoints, endpointUnknown } from "../store/endpoints.ts";
import type { Feed, FeedFilter } from "../store/feed.ts";
import type { ClaimPublishing } from "../store/publish-claims.ts";
import type { Remembered, RememberedEvent } from "../store/remembered.ts";
import type { DeliveryDesk, ShownDelivery } from "./delivery-desk.ts";
import type { Revive, Revived } from "./revival.ts";

export interface WholeEvent extends RememberedEvent {
  /** In the order of their endpoints' ids; the first hundred. */
  readonly deliveries: Page<ShownDelivery>;
}

/** How many deliveries began again, and how many were on their way and are tried now. */
export interface Replayed {
  readonly started: number;
  readonly broughtForward: number;
}

export interface EventDesk {
  /**
   * Like publishMany, for requests that may come twice: EVENT_CONFLICT when an id has been given to other content, and
   * then none of the events is published.
   */
  readonly publishOnce: (
    events: readonly NewTextEvent[],
    options?: PublishOptions,
  ) => Promise<readonly Receipt[]>;
  /** Throws EVENT_UNKNOWN. */
  readonly get: (id: string) => Promise<WholeEvent>;
  /** Oldest first; `next` is null only where nothing has come since. Throws CURSOR_INVALID. */
  readonly feed: (filter: FeedFilter, request: PageRequest) => Promise<Page<PublishedEvent>>;
  /**
   * Sends it again to everyone who was owed it, or to one endpoint, also one that has never had it. Throws EVENT_UNKNOWN
   * and ENDPOINT_UNKNOWN.
   */
  readonly replay: (id: string, endpointId: string | null) => Promise<Replayed>;
}

export interface EventDeskDeps {
  readonly publisher: Publisher;
  /** Throws REDIS_UNAVAILABLE. */
  readonly claimPublishing: ClaimPublishing;
  readonly remembered: Remembered;
  readonly pages: DeliveryPages;
  readonly feed: Feed;
  readonly deliveries: DeliveryDesk;
  readonly endpoints: Pick<Endpoints, "get" | "reload">;
  readonly revive: Revive;
}

const DELIVERIES_SHOWN = 100;
const REPLAYED_TOGETHER = 256;
const NO_FILTER = { endpointId: null, status: null, since: null, until: null } as const;

export function createEventDesk(deps: EventDeskDeps): EventDesk {
  const { publisher, claimPublishing, remembered, feed, deliveries } = deps;

  const find = async (id: string): Promise<RememberedEvent> => {
    const found = await remembered.event(asEventId(id));
    if (found === null) throw eventUnknown(id);
    return found;
  };

  return {
    publishOnce: async (events, options) => {
      const claims = events.flatMap(({ id, ...content }) =>
        id === undefined ? [] : [{ id: asEventId(id), digest: digestOf(content) }],
      );
      const taken = claims.length === 0 ? null : await claimPublishing(claims);
      if (taken !== null) throw eventConflict(claims[taken]?.id ?? "");
      return await publisher.publishMany(events, options);
    },
    get: async (id) => {
      const found = await find(id);
      const request = { after: null, limit: DELIVERIES_SHOWN };
      return {
        ...found,
        deliveries: await deliveries.list({ ...NO_FILTER, eventId: found.event.id }, request),
      };
    },
    feed: feed.page,
    replay: async (id, endpointId) => {
      const found = await find(id);
      return endpointId === null
        ? await replayToAll(found, deps)
        : await replayTo(found, asEndpointId(endpointId), deps);
    },
  };
}

async function replayToAll(found: RememberedEvent, { pages, revive }: EventDeskDeps): Promise<Replayed> {
  const filter = { ...NO_FILTER, eventId: found.event.id };
  const revived: Revived[] = [];
  let after: string | null = null;
  do {
    const page: Page<RememberedDelivery> = await pages.page(filter, { after, limit: REPLAYED_TOGETHER });
    const one = ({ endpointId, state }: RememberedDelivery) => revive(found, endpointId, state);
    revived.push(...(await Promise.all(page.data.map(one))));
    after = page.next;
  } while (after !== null);
  return countOf(revived);
}

async function replayTo(
  found: RememberedEvent,
  endpointId: EndpointId,
  { remembered, endpoints, revive }: EventDeskDeps,
): Promise<Replayed> {
  const delivery = await remembered.delivery(found.event.id, endpointId);
  if (delivery === null && !ownDestinations(found.event).has(endpointId)) {
    await endpoints.reload(endpointId);
    if (endpoints.get(endpointId) === undefined) throw endpointUnknown(endpointId);
  }
  return countOf([await revive(found, endpointId, delivery?.state ?? null)]);
}

function countOf(revived: readonly Revived[]): Replayed {
  const started = revived.filter((how) => how === "started").length;
  return { started, broughtForward: revived.length - started };
}

/** What a repetition must have in common: not the time that we gave an event which came without one. */
function digestOf({ type, dataText, timestamp, destinations }: NewTextEvent): string {
  return hash("sha256", JSON.stringify([type, dataText, timestamp, destinations]), "base64url");
}

function eventUnknown(id: string): HookwaveError {
  return new HookwaveError("EVENT_UNKNOWN", {
    expected: "the id of an event that is remembered",
    got: `"${id.slice(0, 80)}"`,
    remedy:
      "an event is known once a worker has taken it on, a moment after it was published, for EVENT_RETENTION",
  });
}

function eventConflict(id: string): HookwaveError {
  return new HookwaveError("EVENT_CONFLICT", {
    expected: "the content that was first published under this id",
    got: `other content under "${id}"`,
    remedy: "give another event another id; nothing of this request was published",
  });
}
