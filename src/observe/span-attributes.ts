/**
 * The attributes of spans, by OpenTelemetry's conventions for HTTP clients and messaging, and `hookwave.*` for what these
 * have no name for. None holds a secret: URLs are masked as in logs, and nothing is said of bodies and headers.
 */

import type { Delivery } from "../core/delivery.ts";
import { deliveryId } from "../core/delivery.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { PublishedEvent } from "../core/event.ts";
import { maskUrl } from "../core/mask-url.ts";
import type { Outcome } from "../core/outcome.ts";

type Attributes = Readonly<Record<string, string | number>>;

export const publishAttributes = ({ id, type, data }: PublishedEvent): Attributes => ({
  "messaging.system": "hookwave",
  "messaging.operation.type": "send",
  "messaging.operation.name": "publish",
  "messaging.destination.name": type,
  "messaging.message.id": id,
  "messaging.message.body.size": Buffer.byteLength(data),
});

export function receiverOf({ url }: Endpoint): Attributes {
  const { hostname = "", port = "", protocol = "" } = URL.parse(url) ?? {};
  return {
    "http.request.method": "POST",
    "url.full": maskUrl(url),
    "server.address": hostname,
    "server.port": port === "" ? (PORTS[protocol] ?? 0) : Number(port),
  };
}

const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

export function attemptAttributes(delivery: Delivery, { id, profile }: Endpoint): Attributes {
  const { event, attempts, round } = delivery;
  return {
    "hookwave.event.id": event.id,
    "hookwave.event.type": event.type,
    "hookwave.endpoint.id": id,
    "hookwave.delivery.id": deliveryId(delivery),
    "hookwave.profile": profile,
    "hookwave.attempt.number": attempts.length + 1,
    "hookwave.round": round,
    // By the conventions it is absent for a request that is sent for the first time.
    ...(attempts.length > 0 && { "http.request.resend_count": attempts.length }),
  };
}

export const deliveredTo = (outcome: Outcome): Attributes => ({
  "hookwave.outcome": outcome.kind,
  ...("status" in outcome && { "http.response.status_code": outcome.status }),
});

/** As `error.type`: a status, or a reason. Null for what was delivered. */
export function failureOf(outcome: Outcome | null): string | null {
  switch (outcome?.kind) {
    case undefined:
      return "own_failure";
    case "delivered":
      return null;
    case "refused":
      return String(outcome.status);
    case "unreachable":
    case "blocked":
      return outcome.reason;
  }
}
