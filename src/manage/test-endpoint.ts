/**
 * A test of one endpoint: an event sent to it now, and everything that was seen. It is no delivery: it goes out
 * signed and guarded like one, also to an endpoint that is disabled, but it charges no attempt, teaches no breaker
 * or concurrency limit, and leaves no record. It needs no worker: a process that only serves the API sends it itself.
 */
import { catalogue, isKnownEventType } from "../catalogue/catalogue.ts";
import type { EndpointId } from "../core/brand.ts";
import { type Endpoint, MASK } from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Outcome } from "../core/outcome.ts";
import type { System } from "../core/system.ts";
import { classify } from "../deliver/classify.ts";
import { requestTo, type ShownRequest, shownRequest } from "../deliver/outgoing.ts";
import type { InspectedExchange, Inspector, Timings } from "../deliver/ports.ts";
import { type NewTextEvent, prepareEvent } from "../publish/check-event.ts";
import { type Redis, untilReady } from "../store/redis.ts";
import type { EndpointManagement } from "./endpoints.ts";
import { hintsFor } from "./test-hints.ts";

interface TestResponse {
  readonly status: number;
  /** At most 16 KiB in all; cookies are masked. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first part of the body, at most 16 KiB. */
  readonly excerpt: string;
}

export interface EndpointTest {
  readonly event: PublishedEvent;
  readonly request: ShownRequest;
  /** Null when there was no answer. */
  readonly response: TestResponse | null;
  readonly timings: Timings;
  readonly outcome: Outcome;
  /** The reason for no answer, as a code or in words. */
  readonly detail: string | null;
  /** Hints for a test that failed. */
  readonly hints: readonly string[];
}

export type TestRequest = Partial<Pick<NewTextEvent, "type" | "dataText">>;

/**
 * Sends an event to this endpoint now, as a delivery would be sent, and tells all that was seen. `type` is
 * `webhook.test` when absent, `dataText` the type's example. One at a time for each endpoint in this process. Throws
 * ENDPOINT_UNKNOWN, EVENT_INVALID, EVENT_TOO_LARGE or TEST_RUNNING, and CLOSED when the service closes meanwhile.
 */
export type TestEndpoint = (id: string, event?: TestRequest) => Promise<EndpointTest>;

interface TestEndpointDeps {
  readonly endpoints: Pick<EndpointManagement, "get">;
  readonly inspector: Inspector;
  readonly redis: Redis;
  readonly system: System;
}

const TEST_TYPE = "webhook.test";

export function createTestEndpoint({ endpoints, inspector, redis, system }: TestEndpointDeps): TestEndpoint {
  const running = new Set<EndpointId>();
  return async (id, { type = TEST_TYPE, dataText = exampleOf(type) } = {}) => {
    const event = prepareEvent({ type, dataText }, system);
    await untilReady(redis);
    const endpoint = await endpoints.get(id);
    if (running.has(endpoint.id)) throw testRunning(endpoint.id);
    running.add(endpoint.id);
    return await sendTest(endpoint, event, inspector, system).finally(() => running.delete(endpoint.id));
  };
}

async function sendTest(
  endpoint: Endpoint,
  event: PublishedEvent,
  inspector: Inspector,
  system: System,
): Promise<EndpointTest> {
  const moment = { startedAtMs: system.now(), attemptNumber: 1, nonce: system.uuid() };
  const report = await inspector.send(requestTo(endpoint, event, moment));
  const outcome = classify(report.exchange, system.now());
  return {
    event,
    request: shownRequest(endpoint, event, moment),
    response: responseOf(report, endpoint),
    timings: report.timings,
    outcome,
    detail: report.detail,
    hints: hintsFor(outcome, report, endpoint),
  };
}

/** Receivers that people test with often echo what they got, and with it what is masked elsewhere. */
function responseOf({ exchange, headers }: InspectedExchange, endpoint: Endpoint): TestResponse | null {
  if (exchange.kind !== "answered") return null;
  const secrets = Object.values(endpoint.headers).filter((value) => value.length >= SECRET_MIN_CHARACTERS);
  const veil = (text: string): string => secrets.reduce((veiled, one) => veiled.replaceAll(one, MASK), text);
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    name === "set-cookie" ? MASK : veil(value),
  ]);
  return { status: exchange.status, headers: Object.fromEntries(shown), excerpt: veil(exchange.excerpt) };
}

/** A shorter one keeps nobody out, and would be masked wherever it stands by chance. */
const SECRET_MIN_CHARACTERS = 8;

function exampleOf(type: string): string {
  return isKnownEventType(type) ? JSON.stringify(catalogue[type].example) : "{}";
}

function testRunning(id: EndpointId): HookwaveError {
  return new HookwaveError("TEST_RUNNING", {
    expected: "one test of an endpoint at a time",
    got: `another one of "${id}"`,
    remedy: "wait for its answer",
  });
}
