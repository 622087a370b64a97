/**
 * A test of one endpoint: an event sent to it now, and everything that was seen. It is no delivery: it goes out
 * signed and guarded like one, also to an endpoint that is disabled, but it charges no attempt, teaches no breaker
 * or lane, and leaves no record.
 */
import { type Endpoint, MASK } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Outcome } from "../core/outcome.ts";
import type { System } from "../core/system.ts";
import { classify } from "./classify.ts";
import { hintsFor } from "./hints.ts";
import { requestTo, type ShownRequest, shownRequest } from "./outgoing.ts";
import type { Probe, ProbeReport, Timings } from "./ports.ts";

export interface TrialResponse {
  readonly status: number;
  /** At most 16 KiB in all; cookies are masked. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first part of the body, at most 16 KiB. */
  readonly excerpt: string;
}

export interface Trial {
  readonly event: PublishedEvent;
  readonly request: ShownRequest;
  /** Null when there was no answer. */
  readonly response: TrialResponse | null;
  readonly timings: Timings;
  readonly outcome: Outcome;
  /** Why there was no answer, as a code or in words. */
  readonly detail: string | null;
  /** What may help when it failed. */
  readonly hints: readonly string[];
}

/** Rejects with CLOSED when the service closes meanwhile. */
export async function tryOut(
  endpoint: Endpoint,
  event: PublishedEvent,
  probe: Probe,
  system: System,
): Promise<Trial> {
  const moment = { startedAtMs: system.now(), attemptNumber: 1, nonce: system.uuid() };
  const report = await probe.send(requestTo(endpoint, event, moment));
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
function responseOf({ exchange, headers }: ProbeReport, endpoint: Endpoint): TrialResponse | null {
  if (exchange.kind !== "answered") return null;
  const secrets = Object.values(endpoint.headers).filter((value) => value.length >= SECRET_MIN_CHARACTERS);
  const veil = (text: string): string => secrets.reduce((veiled, one) => veiled.replaceAll(one, MASK), text);
  const shown = Object.entries(headers).map(([name, value]) => [
    name,
    name === "set-cookie" ? MASK : veil(value),
  ]);
  return { status: exchange.status, headers: Object.fromEntries(shown), excerpt: veil(exchange.excerpt) };
}

/** What is shorter keeps nobody out, and would be masked wherever it stands by chance. */
const SECRET_MIN_CHARACTERS = 8;
