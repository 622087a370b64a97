/**
 * The endpoints in a process's memory, so that finding the receivers of an event, or a page of them for a person,
 * costs no round trip. Holds what it is given; what the truth is, endpoints.ts asks Redis.
 */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { SKEW_MAX_MS } from "../core/clock-skew.ts";
import { type Endpoint, subscribes } from "../core/endpoint.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { byAge } from "../endpoints/pages.ts";
import { readRecord } from "./endpoint-record.ts";
import type { Sealer } from "./sealing.ts";

export interface Mirror {
  /** Throws SECRET_UNREADABLE when a stored endpoint cannot be read with our key. */
  readonly insistReadable: () => void;
  readonly get: (id: EndpointId) => Endpoint | undefined;
  /** Oldest first; the same array until something changes. */
  readonly all: () => readonly Endpoint[];
  /** Endpoints that are owed an event of this type: with those that were disabled only after `acceptedAt`, epoch ms, or may have been. */
  readonly subscribedTo: (eventType: string, acceptedAt: number) => readonly Endpoint[];
  /** Is any that takes part subscribed to it? Also where that cannot be read. */
  readonly isHeard: (eventType: string) => boolean;
  /** `text` is the endpoint's record; null where there is none any more. */
  readonly set: (id: EndpointId, text: string | null) => void;
  readonly replace: (records: readonly (readonly [string, string])[]) => void;
}

/** Producers choose type names, so the memory they can occupy is bounded. */
const SUBSCRIPTIONS_MAX = 10_000;

/**
 * The producer's clock says when an event was accepted, another one when an endpoint was disabled, and each may be off.
 * Which of two so close together came first is not known; a dead letter too many can be seen, one too few cannot.
 */
const CLOCKS_APART_MAX_MS = 2 * SKEW_MAX_MS;

export function createMirror(sealer: Sealer, tell: Tell): Mirror {
  // A record that is what it was need not be opened again: the poll after one change reads all of them.
  const texts = new Map<EndpointId, string>();
  const endpoints = new Map<EndpointId, Endpoint>();
  const unreadable = new Map<EndpointId, unknown>();
  const subscribers = createSubscribers(endpoints);
  let inOrder: readonly Endpoint[] | null = null;
  const fail = tellFailure(tell, "read_endpoint");

  // An endpoint we cannot read is our fault, not its receiver's: whatever may concern it must wait, because going
  // on without it would lose its events silently.
  const insistOn = (trouble: unknown): void => {
    if (trouble !== undefined) throw trouble;
  };
  const insistReadable = (): void => insistOn(unreadable.values().next().value);

  const set = (id: EndpointId, text: string | null): void => {
    if (texts.get(id) === (text ?? undefined)) return;
    inOrder = null;
    subscribers.forget();
    texts.delete(id);
    endpoints.delete(id);
    unreadable.delete(id);
    if (text === null) return;
    texts.set(id, text);
    try {
      endpoints.set(id, readRecord(text, sealer));
    } catch (error) {
      unreadable.set(id, error);
      fail(error);
    }
  };

  return {
    insistReadable,
    get: (id) => {
      insistOn(unreadable.get(id));
      return endpoints.get(id);
    },
    all: () => {
      inOrder ??= [...endpoints.values()].sort(byAge);
      return inOrder;
    },
    subscribedTo: (eventType, acceptedAt) => {
      insistReadable();
      return owedOf(subscribers.of(eventType), acceptedAt);
    },
    isHeard: (eventType) => unreadable.size > 0 || subscribers.of(eventType).active.length > 0,
    set,
    replace: (records) => {
      const kept = new Set(records.map(([id]) => id));
      for (const id of texts.keys()) if (!kept.has(id)) set(id, null);
      for (const [id, text] of records) set(asEndpointId(id), text);
    },
  };
}

interface Subscribers {
  readonly active: readonly Endpoint[];
  /** Disabled ones, the latest first. */
  readonly former: readonly { readonly endpoint: Endpoint; readonly disabledAtMs: number }[];
}

/** By event type, looked for once until something changes. */
function createSubscribers(endpoints: ReadonlyMap<EndpointId, Endpoint>) {
  const byType = new Map<string, Subscribers>();
  return {
    forget: () => byType.clear(),
    of: (eventType: string): Subscribers => {
      const known = byType.get(eventType);
      if (known !== undefined) return known;
      const found = subscribersOf(eventType, endpoints.values());
      if (byType.size >= SUBSCRIPTIONS_MAX) byType.clear();
      byType.set(eventType, found);
      return found;
    },
  };
}

function subscribersOf(eventType: string, endpoints: Iterable<Endpoint>): Subscribers {
  const all = [...endpoints].filter((endpoint) => subscribes(endpoint, eventType));
  const former = all.flatMap((endpoint) => {
    const { disabledAt } = endpoint;
    return disabledAt === null ? [] : [{ endpoint, disabledAtMs: Date.parse(disabledAt) }];
  });
  return {
    active: all.filter(({ isActive }) => isActive),
    former: former.sort((one, other) => other.disabledAtMs - one.disabledAtMs),
  };
}

function owedOf({ active, former }: Subscribers, acceptedAt: number): readonly Endpoint[] {
  const latest = former[0];
  const since = acceptedAt - CLOCKS_APART_MAX_MS;
  if (latest === undefined || latest.disabledAtMs <= since) return active;
  const owed = former.filter(({ disabledAtMs }) => disabledAtMs > since);
  return [...active, ...owed.map(({ endpoint }) => endpoint)];
}
