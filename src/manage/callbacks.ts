/**
 * Management of callbacks: people look at what came in, say that they have seen it, and send one on as an event. The event
 * has a type and an id of its own making, so that nobody takes it for one that a producer published.
 */
import { isUtf8 } from "node:buffer";
import { asCallbackId, asEndpointId, asEventId, type EventId, type SourceId } from "../core/brand.ts";
import {
  type Callback,
  type CallbackCount,
  type CallbackFilter,
  type CallbackOrder,
  isTruncated,
  type WholeCallback,
} from "../core/callback.ts";
import { HookwaveError } from "../core/errors.ts";
import type { PageRequest } from "../core/page.ts";
import type { System } from "../core/system.ts";
import type { EventLedger } from "../deliver/ports.ts";
import { checkEvent, prepareEvent } from "../publish/check-event.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { CallbackPage, Callbacks } from "../store/callbacks.ts";
import { type Endpoints, endpointUnknown } from "../store/endpoints.ts";
import type { Sources } from "../store/sources.ts";
import type { SendAgain } from "./send-again.ts";

interface SourceCount extends CallbackCount {
  readonly source: SourceId;
}

export interface CallbackCounts extends CallbackCount {
  /** The place of the newest: what comes from now on comes after it. */
  readonly latest: string;
  /** Of the sources that there are. */
  readonly sources: readonly SourceCount[];
}

export interface Forwarded {
  readonly eventId: EventId;
  readonly type: string;
}

export interface CallbackManagement {
  /** Throws CURSOR_INVALID. */
  readonly list: (
    filter: CallbackFilter,
    order: CallbackOrder,
    request: PageRequest,
  ) => Promise<CallbackPage>;
  /** Throws CALLBACK_UNKNOWN, as the others do that take an id. */
  readonly get: (id: string) => Promise<WholeCallback>;
  readonly counts: () => Promise<CallbackCounts>;
  readonly mark: (id: string, isSeen: boolean) => Promise<Callback>;
  /** All that match and are as they were at that place, or are now; resolves with how many nobody had seen. */
  readonly markAll: (filter: CallbackFilter, upTo: string | null) => Promise<number>;
  /**
   * Publishes it as an event of type `callback.<source>`, its body's bytes as data: to whoever subscribed, or to one endpoint
   * alone. EVENT_INVALID and EVENT_TOO_LARGE where they are none, ENDPOINT_UNKNOWN.
   */
  readonly forward: (id: string, endpointId: string | null) => Promise<Forwarded>;
}

export interface CallbackManagementDeps {
  readonly callbacks: Callbacks;
  readonly sources: Pick<Sources, "list">;
  readonly publisher: Pick<Publisher, "publish">;
  readonly ledger: Pick<EventLedger, "claim">;
  readonly endpoints: Pick<Endpoints, "get" | "reload">;
  readonly sendAgain: SendAgain;
  readonly system: System;
}

const MARKED_TOGETHER = 500;

export function createCallbackManagement(deps: CallbackManagementDeps): CallbackManagement {
  const { callbacks, sources, system } = deps;

  const get = async (id: string): Promise<WholeCallback> => {
    const found = await callbacks.find(asCallbackId(id));
    if (found === null) throw callbackUnknown(id);
    return found;
  };

  return {
    list: callbacks.page,
    get,
    counts: async () => {
      const latest = await callbacks.latest();
      const ids = (await sources.list()).map(({ id }) => id);
      const [all = NONE, ...each] = await callbacks.count(ids);
      return { ...all, latest, sources: ids.map((source, index) => ({ source, ...(each[index] ?? NONE) })) };
    },
    mark: async (id, isSeen) => {
      await callbacks.mark([{ id: asCallbackId(id) }], isSeen ? system.now() : null);
      return await get(id);
    },
    markAll: (filter, upTo) => markAll(filter, upTo, deps),
    forward: async (id, endpointId) => await forward(await get(id), endpointId, deps),
  };
}

const NONE: CallbackCount = { total: 0, unseen: 0, invalid: 0, unsigned: 0 };

/** Those that come meanwhile are not meant: each is marked as it was when it was looked at. */
async function markAll(
  filter: CallbackFilter,
  upTo: string | null,
  { callbacks, system }: CallbackManagementDeps,
): Promise<number> {
  const end = Number(upTo ?? (await callbacks.latest()));
  let marked = 0;
  let after: string | null = null;
  do {
    const request = { after, limit: MARKED_TOGETHER };
    const page: CallbackPage = await callbacks.page({ ...filter, isSeen: false }, "oldest", request);
    const meant = page.data.filter(({ cursor }) => Number(cursor) <= end);
    marked += await callbacks.mark(meant, system.now());
    after = meant.length < page.data.length ? null : page.next;
  } while (after !== null);
  return marked;
}

async function forward(
  callback: WholeCallback,
  endpointId: string | null,
  deps: CallbackManagementDeps,
): Promise<Forwarded> {
  const type = `callback.${callback.source}`;
  const content = { type, dataText: jsonTextOf(callback) };
  const id = endpointId === null ? null : asEndpointId(endpointId);
  if (id !== null) {
    await deps.endpoints.reload(id);
    if (deps.endpoints.get(id) === undefined) throw endpointUnknown(id);
  }
  // Before it is counted: what cannot be sent has not been forwarded.
  checkEvent(content);
  const nth = await deps.callbacks.countForward(callback.id);
  if (nth === null) throw callbackUnknown(callback.id);
  const event = { ...content, id: asEventId(`${callback.id}_${nth}`) };
  if (id === null) {
    await deps.publisher.publish(event);
    return { eventId: event.id, type };
  }
  const acceptedAt = deps.system.now();
  const whole = prepareEvent(event, deps.system);
  // Nobody but this endpoint is owed it: it is on record as if a worker had taken it on, and goes the way of what is sent again.
  await deps.ledger.claim({ events: [whole], holder: `forward:${event.id}`, acceptedAt });
  await deps.sendAgain({ event: whole, acceptedAt }, id, null, "endpoint");
  return { eventId: event.id, type };
}

function jsonTextOf(callback: WholeCallback): string {
  if (isTruncated(callback))
    throw unfit("a callback of which all is kept", "the beginning of one that was refused");
  if (!isUtf8(callback.body)) throw unfit("a body that is JSON in UTF-8", "bytes that are not UTF-8");
  return Buffer.from(callback.body).toString("utf8");
}

function unfit(expected: string, got: string): HookwaveError {
  const remedy = "what is no JSON cannot be an event's data; GET /api/v1/callbacks/{id} has the bytes";
  return new HookwaveError("EVENT_INVALID", { expected, got, remedy });
}

function callbackUnknown(id: string): HookwaveError {
  return new HookwaveError("CALLBACK_UNKNOWN", {
    expected: "the id of a callback that is kept",
    got: JSON.stringify(id.slice(0, 80)),
    remedy:
      "list them with `hookwave callbacks list`; they are kept for EVENT_RETENTION, as long as there is room",
  });
}
