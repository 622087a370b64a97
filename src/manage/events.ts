/**
 * Management of events: people and other services look at them, follow them, and have them sent again; a producer that
 * may send one request twice publishes here.
 */
import { hash } from "node:crypto";
import { asEndpointId, asEventId, type EndpointId } from "../core/brand.ts";
import { isOwedTo } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { CheckedEvent, PublishedEvent } from "../core/event.ts";
import type { Page, PageRequest } from "../core/page.ts";
import { ownDestinations } from "../endpoints/destinations.ts";
import { type AnyTextEvent, checkEvent } from "../publish/check-event.ts";
import type { Publisher, PublishOptions, Receipt } from "../publish/publisher.ts";
import type { DeliveryPages, StoredDelivery } from "../store/delivery-pages.ts";
import { type Endpoints, endpointUnknown } from "../store/endpoints.ts";
import type { Feed, FeedFilter } from "../store/feed.ts";
import type { Lookup, StoredEvent } from "../store/lookup.ts";
import type { FindConflict } from "../store/publish-conflicts.ts";
import type { DeliveryManagement, ShownDelivery } from "./deliveries.ts";
import type { SendAgain, SentAgain } from "./send-again.ts";

export type { Receipt } from "../publish/publisher.ts";

interface WholeEvent extends StoredEvent {
  /** In the order of their endpoints' ids; the first hundred. */
  readonly deliveries: Page<ShownDelivery>;
}

/** Counts of deliveries: those that began again, and those that were on their way and are tried now. */
interface Replayed {
  readonly started: number;
  readonly broughtForward: number;
}

export interface EventManagement {
  /**
   * Like publishMany, for requests that may come twice: EVENT_CONFLICT when an id has been given to other content, and
   * then none of the events is published.
   */
  readonly publishOnce: (
    events: readonly AnyTextEvent[],
    options?: PublishOptions,
  ) => Promise<readonly Receipt[]>;
  /** Throws EVENT_UNKNOWN. */
  readonly get: (id: string) => Promise<WholeEvent>;
  /** Oldest first; `next` is null only where nothing has come since. Throws CURSOR_INVALID. */
  readonly feed: (filter: FeedFilter, request: PageRequest) => Promise<Page<PublishedEvent>>;
  /** Newest first, for people. Throws CURSOR_INVALID. */
  readonly latest: (filter: FeedFilter, request: PageRequest) => Promise<Page<PublishedEvent>>;
  /** The place of the newest of them, as a `next` is; null while there is none. */
  readonly feedEnd: () => Promise<string | null>;
  /**
   * Sends it again to everyone who was owed it, or to one endpoint, also one that has never had it. Throws EVENT_UNKNOWN
   * and ENDPOINT_UNKNOWN.
   */
  readonly replay: (id: string, endpointId: string | null) => Promise<Replayed>;
}

export interface EventManagementDeps {
  readonly publisher: Publisher;
  readonly findConflict: FindConflict;
  readonly lookup: Lookup;
  readonly pages: DeliveryPages;
  readonly feed: Feed;
  readonly deliveries: DeliveryManagement;
  readonly endpoints: Pick<Endpoints, "get" | "reload">;
  readonly sendAgain: SendAgain;
  /** True where the bus alone has to have them, as in phase `redis`; answers also where the store does not. */
  readonly goByBus: (events: readonly { readonly type: string }[]) => Promise<boolean>;
}

const DELIVERIES_SHOWN = 100;
const REPLAYED_TOGETHER = 256;
const NO_FILTER = { endpointId: null, status: null, since: null, until: null } as const;

export function createEventManagement(deps: EventManagementDeps): EventManagement {
  const { publisher, findConflict, lookup, feed, deliveries } = deps;

  const find = async (id: string): Promise<StoredEvent> => {
    const found = await lookup.event(asEventId(id));
    if (found === null) throw eventUnknown(id);
    return found;
  };

  return {
    publishOnce: async (asked, options) => {
      const events = asked.map(checkEvent);
      const claims = events.flatMap(({ id, ...content }) =>
        id === undefined ? [] : [{ id, digest: digestOf(content) }],
      );
      const taken = claims.length === 0 ? null : await findConflict(claims).catch(unlessByBus(events, deps));
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
    latest: feed.latest,
    feedEnd: feed.end,
    replay: async (id, endpointId) => {
      const found = await find(id);
      return endpointId === null
        ? await replayToAll(found, deps)
        : await replayTo(found, asEndpointId(endpointId), deps);
    },
  };
}

/**
 * The way back to the bus must not depend on the store that one comes back from: what only that knows is not insisted on,
 * and an id that has been given to other content is then found by nobody.
 */
function unlessByBus(events: readonly CheckedEvent[], { goByBus }: EventManagementDeps) {
  return async (error: unknown): Promise<null> => {
    const isStoreAway = error instanceof HookwaveError && error.code === "REDIS_UNAVAILABLE";
    if (isStoreAway && (await goByBus(events))) return null;
    throw error;
  };
}

/** But for those that were owed to an endpoint which was removed, where another has its id: that one has to be named. */
async function replayToAll(found: StoredEvent, deps: EventManagementDeps): Promise<Replayed> {
  const { pages, endpoints, sendAgain } = deps;
  const filter = { ...NO_FILTER, eventId: found.event.id };
  const sentAgain: SentAgain[] = [];
  let after: string | null = null;
  do {
    const page: Page<StoredDelivery> = await pages.page(filter, { after, limit: REPLAYED_TOGETHER });
    const sendOneAgain = ({ endpointId, state }: StoredDelivery) =>
      sendAgain(found, endpointId, state, "delivery");
    const owed = page.data.filter(({ endpointId, state }) => {
      const endpoint = endpoints.get(endpointId);
      return endpoint === undefined || isOwedTo(state, endpoint);
    });
    sentAgain.push(...(await Promise.all(owed.map(sendOneAgain))));
    after = page.next;
  } while (after !== null);
  return countOf(sentAgain);
}

async function replayTo(
  found: StoredEvent,
  endpointId: EndpointId,
  { lookup, endpoints, sendAgain }: EventManagementDeps,
): Promise<Replayed> {
  const delivery = await lookup.delivery(found.event.id, endpointId);
  if (delivery === null && !ownDestinations(found.event).has(endpointId)) {
    await endpoints.reload(endpointId);
    if (endpoints.get(endpointId) === undefined) throw endpointUnknown(endpointId);
  }
  return countOf([await sendAgain(found, endpointId, delivery?.state ?? null, "endpoint")]);
}

function countOf(sentAgain: readonly SentAgain[]): Replayed {
  const started = sentAgain.filter((how) => how === "started").length;
  return { started, broughtForward: sentAgain.length - started };
}

/** The part that a repetition must have in common: not the time that we gave an event which came without one. */
function digestOf(content: Omit<CheckedEvent, "id">): string {
  const { type, checkedText, timestamp, expiresAt, destinations = [], legacyText } = content;
  // An empty list and none at all are the same content.
  const named = destinations.length === 0 ? undefined : destinations;
  // Without them it is what earlier versions have written.
  const legacy = legacyText === undefined ? [] : [legacyText];
  const end = expiresAt === undefined ? [] : [{ expiresAt }];
  return hash(
    "sha256",
    JSON.stringify([type, checkedText, timestamp, named, ...legacy, ...end]),
    "base64url",
  );
}

function eventUnknown(id: string): HookwaveError {
  return new HookwaveError("EVENT_UNKNOWN", {
    expected: "the id of an event that is on record",
    got: `"${id.slice(0, 80)}"`,
    remedy:
      "list them with `hookwave events list`; one is known from when a worker takes it on, a moment after its publish, for EVENT_RETENTION",
  });
}

function eventConflict(id: string): HookwaveError {
  return new HookwaveError("EVENT_CONFLICT", {
    expected: "the content that was first published under this id",
    got: `other content under "${id}"`,
    remedy: "give another event another id; nothing of this request was published",
  });
}
