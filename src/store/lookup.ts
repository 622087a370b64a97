/**
 * Lookups in the ledger, for people: one event or one delivery, read whole; and cancelling. Nothing here is needed to
 * deliver.
 */
import { z } from "zod";
import type { EndpointId, EventId } from "../core/brand.ts";
import { type DeliveryKey, type DeliveryState, deliveryId } from "../core/delivery.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Shards } from "../core/shards.ts";
import { destinationSchema } from "../core/stored.ts";
import { readTraceText } from "../core/trace-context.ts";
import type { StoredDelivery } from "./delivery-pages.ts";
import {
  ACCEPTED_AT_FIELD,
  excerptField,
  LEGACY_FIELD,
  readAcceptedAt,
  readState,
  stateField,
  stateText,
  TRACE_FIELD,
} from "./event-record.ts";
import { feedTime } from "./feed-entries.ts";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

export interface StoredEvent {
  readonly event: PublishedEvent;
  /** Epoch ms at which it was stored. */
  readonly acceptedAt: number;
}

type RoundAttempts = Pick<DeliveryState, "round" | "attempts">;

export interface Lookup {
  /** Null for what was never taken on, or has expired. */
  readonly event: (id: EventId) => Promise<StoredEvent | null>;
  readonly delivery: (eventId: EventId, endpointId: EndpointId) => Promise<StoredDelivery | null>;
  /** The receiver's answers to the failed attempts, in their order; null where nothing is known of one any more. */
  readonly excerpts: (round: DeliveryKey & RoundAttempts) => Promise<readonly (string | null)[]>;
  /** Ends one that waits, which then waits no more; answers with the state that stood against it, or null once it is cancelled. */
  readonly cancel: (eventId: EventId, endpointId: EndpointId) => Promise<DeliveryState | null>;
}

const EVENT_FIELDS = [
  "type",
  "timestamp",
  "data",
  ACCEPTED_AT_FIELD,
  "destinations",
  LEGACY_FIELD,
  TRACE_FIELD,
] as const;

const destinationsSchema = z.array(destinationSchema);

// The HDEL is there for a Redis that is out of memory: see event-ledger.ts. Somebody who wants a delivery to end must be heard.
const REPLACE = `
redis.call('HDEL', KEYS[1], '')
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[4])
return 1`;

export function createLookup(redis: Redis, keys: Keys): Lookup {
  const runReplace = prepareScript(redis, REPLACE);

  const excerptAt = async (endpointId: EndpointId, at: string | null): Promise<string | null> => {
    if (at === null) return null;
    const [entry] = await redis.xrange(keys.attempts(endpointId), at, at);
    const [, , , excerpt = null] = entry?.[1] ?? [];
    return excerpt;
  };

  return {
    event: async (id) => {
      const [type, timestamp, data, accepted, destinations = null, legacy = null, trace] = await redis.hmget(
        keys.event(id),
        ...EVENT_FIELDS,
      );
      const acceptedAt = readAcceptedAt(accepted);
      if (!type || !timestamp || !data || acceptedAt === null) return null;
      const own = destinations === null ? null : readText(destinationsSchema, destinations);
      const extras = {
        ...(own !== null && { destinations: own }),
        ...(legacy !== null && { legacy: { data: legacy } }),
        ...readTraceText(trace),
      };
      return { event: { id, type, timestamp, data, ...extras }, acceptedAt };
    },
    delivery: async (eventId, endpointId) => {
      const fields = ["type", "feed", ACCEPTED_AT_FIELD, stateField(endpointId)];
      const [type, at, accepted, text] = await redis.hmget(keys.event(eventId), ...fields);
      const state = text ? readState(text) : null;
      if (!type || !at || state === null) return null;
      const [event, acceptedAt] = [{ id: eventId, type }, readAcceptedAt(accepted) ?? 0];
      return { event, endpointId, acceptedAt, createdAt: feedTime(at), state };
    },
    excerpts: async ({ event, endpointId, round, attempts }) => {
      const fields = attempts.map((one) => excerptField(endpointId, round, one.attemptNumber));
      if (fields.length === 0) return [];
      const places = await redis.hmget(keys.event(event.id), ...fields);
      return await Promise.all(places.map((at) => excerptAt(endpointId, at)));
    },
    cancel: async (eventId, endpointId) => {
      const [key, field] = [keys.event(eventId), stateField(endpointId)];
      for (;;) {
        const text = await redis.hget(key, field);
        if (text === null) return null;
        const state = readState(text);
        if (state === null) return null;
        if (state.status !== "held" && state.status !== "retrying") return state;
        const cancelled = stateText({ ...state, status: "cancelled", nextAttemptAt: null });
        // Not replaced: another attempt has been recorded meanwhile.
        const args = [field, text, cancelled, deliveryId({ event: { id: eventId }, endpointId })];
        if ((await runReplace([key, keys.waiting(endpointId)], args)) === 1) return null;
      }
    },
  };
}

export function lookupOver(shards: Shards<Lookup>): Lookup {
  return {
    event: (id) => shards.of(id).event(id),
    delivery: (eventId, endpointId) => shards.of(eventId).delivery(eventId, endpointId),
    excerpts: (round) => shards.of(round.event.id).excerpts(round),
    cancel: (eventId, endpointId) => shards.of(eventId).cancel(eventId, endpointId),
  };
}
