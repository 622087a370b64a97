/**
 * The request one attempt sends: signed by the endpoint's profiles, with its own headers beside ours. Deliveries,
 * tests and explanations all come here for it, so that what is shown to a person is what is sent.
 */
import { type Endpoint, liveSecrets, MASK, sendsTrace } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { TraceContext } from "../core/trace-context.ts";
import { traceOf } from "../core/trace-context.ts";
import { profiles } from "../wire/profiles.ts";
import { signRequest } from "../wire/sign.ts";
import { mergeHeaders } from "./header-policy.ts";
import type { OutgoingRequest } from "./ports.ts";

/** The parts of a request that differ from one attempt to the next. */
export interface AttemptMoment {
  /** Epoch ms. */
  readonly startedAtMs: number;
  /** From 1. */
  readonly attemptNumber: number;
  /** A UUID v4. */
  readonly nonce: string;
  /** The place of its span; the event's own where it has none. */
  readonly trace?: TraceContext | undefined;
}

export function requestTo(endpoint: Endpoint, event: PublishedEvent, moment: AttemptMoment): OutgoingRequest {
  const { url, timeoutMs, profileOptions: options } = endpoint;
  const { startedAtMs, attemptNumber, nonce } = moment;
  const secrets = liveSecrets(endpoint, startedAtMs);
  const signing = { secrets, attemptNumber, timestamp: Math.floor(startedAtMs / 1_000), nonce, url, options };
  const further = endpoint.furtherProfiles.map((name) => profiles[name]);
  const { body, headers } = signRequest(event, profiles[endpoint.profile], signing, further);
  const { trace = traceOf(event) } = moment;
  // Beside what is signed: no signature covers it, and receivers who want exact bytes get none.
  const ours = trace !== undefined && sendsTrace(endpoint) ? { ...headers, ...trace } : headers;
  return { url, headers: mergeHeaders(ours, endpoint.headers), body, timeoutMs };
}

/** A request as it may be shown: to whoever reads answers, not only to who may hold the endpoint's secrets. */
export interface ShownRequest {
  readonly method: "POST";
  readonly url: string;
  /** The values of the endpoint's own headers are masked. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The same request as `requestTo` makes at this moment, with the values of the endpoint's own headers masked. */
export function shownRequest(endpoint: Endpoint, event: PublishedEvent, moment: AttemptMoment): ShownRequest {
  const headers = Object.fromEntries(Object.keys(endpoint.headers).map((name) => [name, MASK]));
  const { timeoutMs: _, ...request } = requestTo({ ...endpoint, headers }, event, moment);
  return { method: "POST", ...request };
}
