/**
 * Where people look before they leap: an endpoint is tested with an event that is sent at once, or an event is
 * explained that is not sent. Nothing of either is remembered. It needs no worker: a process that only serves the
 * API sends its tests itself.
 */
import { catalogue, isKnownEventType } from "../catalogue/catalogue.ts";
import type { EndpointId, EventId } from "../core/brand.ts";
import { wants } from "../core/destination.ts";
import { HookwaveError } from "../core/errors.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Page, PageRequest } from "../core/page.ts";
import type { System } from "../core/system.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import {
  type Circumstances,
  type Explanation,
  explainDestination,
  explainEndpoint,
} from "../deliver/explain.ts";
import { createProbe } from "../deliver/probe.ts";
import { type Trial, tryOut } from "../deliver/try-out.ts";
import { type NewTextEvent, prepareEvent } from "../publish/publisher.ts";
import type { SharedBreakers } from "../store/breakers.ts";
import type { Endpoints } from "../store/endpoints.ts";
import { createFleetRates } from "../store/fleet-rates.ts";
import type { Keys } from "../store/keys.ts";
import { isPublished } from "../store/published.ts";
import { type Redis, untilReady } from "../store/redis.ts";
import type { EndpointDesk } from "./endpoint-desk.ts";

export interface ExplainRequest extends PageRequest {
  /** Leave out the receivers that the event's type is not for. */
  readonly onlyMatching: boolean;
}

export interface ExplainedEvent extends Page<Explanation> {
  readonly eventId: EventId;
  /** Whether an event of this id has been published before: then nobody would get it again. */
  readonly isDuplicate: boolean;
  /** Of the receivers that the event itself names, in its order; only with the first page. */
  readonly destinations: readonly Explanation[];
}

export interface Examination {
  /**
   * Sends an event to this endpoint now, as a delivery would be sent, and tells all that was seen. `type` is
   * `webhook.test` when absent, `dataText` the type's example. One at a time for each endpoint in this process.
   * Throws ENDPOINT_UNKNOWN, EVENT_INVALID, EVENT_TOO_LARGE or TEST_RUNNING.
   */
  readonly test: (id: string, event?: Partial<Pick<NewTextEvent, "type" | "dataText">>) => Promise<Trial>;
  /**
   * Says for each endpoint whether it would get this event if it were published now, and why not. Endpoints come
   * oldest first; a page is shorter where bodies are long. Throws EVENT_INVALID, EVENT_TOO_LARGE or CURSOR_INVALID.
   */
  readonly explain: (event: NewTextEvent, page: ExplainRequest) => Promise<ExplainedEvent>;
  /** Tests under way reject with CLOSED. */
  readonly close: () => Promise<void>;
}

export interface ExaminationDeps {
  readonly policy: AddressPolicy;
  readonly desk: EndpointDesk;
  readonly endpoints: Endpoints;
  readonly breakers: SharedBreakers;
  readonly redis: Redis;
  readonly keys: Keys;
  readonly system: System;
}

const TEST_TYPE = "webhook.test";
const REDIS_PATIENCE_MS = 900;
/** What the bodies of one page may come to: each endpoint's is shown whole. */
const PAGE_BODY_CHARACTERS = 1_024 * 1_024;

export function createExamination(deps: ExaminationDeps): Examination {
  const { policy, desk, redis, keys, system } = deps;
  const probe = createProbe({ policy, now: system.monotonicMs });
  const rates = createFleetRates(redis, keys, system.dice);
  const running = new Set<EndpointId>();

  const circumstancesOf = (isDuplicate: boolean): Circumstances => ({
    moment: { startedAtMs: system.now(), attemptNumber: 1, nonce: system.uuid() },
    policy,
    isDuplicate,
    openUntil: deps.breakers.openUntil,
    rateWaitMs: rates.look,
  });

  return {
    test: async (id, { type = TEST_TYPE, dataText = exampleOf(type) } = {}) => {
      const event = prepareEvent({ type, dataText }, system);
      await untilReady(redis, REDIS_PATIENCE_MS);
      const endpoint = await desk.get(id);
      if (running.has(endpoint.id)) throw testRunning(endpoint.id);
      running.add(endpoint.id);
      return await tryOut(endpoint, event, probe, system).finally(() => running.delete(endpoint.id));
    },
    explain: async (asked, { onlyMatching, ...page }) => {
      const event = prepareEvent(asked, system);
      await untilReady(redis, REDIS_PATIENCE_MS);
      const filter = onlyMatching ? { eventType: event.type } : {};
      const { data, next } = await desk.page(filter, withinBodies(page, event));
      const isDuplicate = await isPublished(redis, keys, event.id);
      const circumstances = circumstancesOf(isDuplicate);
      const named = page.after === null ? (event.destinations ?? []) : [];
      const shown = named.filter((destination) => !onlyMatching || wants(destination, event.type));
      const [destinations, explained] = await Promise.all([
        Promise.all(shown.map((one) => explainDestination(one, event, deps.endpoints, circumstances))),
        Promise.all(data.map((one) => explainEndpoint(one, event, circumstances))),
      ]);
      return { eventId: event.id, isDuplicate, destinations, data: explained, next };
    },
    close: probe.abandon,
  };
}

function exampleOf(type: string): string {
  return isKnownEventType(type) ? JSON.stringify(catalogue[type].example) : "{}";
}

function withinBodies(page: PageRequest, { data }: PublishedEvent): PageRequest {
  const most = Math.max(1, Math.floor(PAGE_BODY_CHARACTERS / data.length));
  return { ...page, limit: Math.min(page.limit, most) };
}

function testRunning(id: EndpointId): HookwaveError {
  return new HookwaveError("TEST_RUNNING", {
    expected: "one test of an endpoint at a time",
    got: `another one of "${id}"`,
    remedy: "wait for its answer",
  });
}
