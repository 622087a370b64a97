/**
 * Hints for the person whose receiver failed a test: for every way to fail, what it usually means and what to do about
 * it. It reads what was seen and guesses nothing more; an address that a name resolves to is never in it.
 */
import type { Endpoint } from "../core/endpoint.ts";
import type { BlockedReason, Outcome, UnreachableReason } from "../core/outcome.ts";
import type { InspectedExchange } from "../deliver/ports.ts";
import { profiles } from "../wire/profiles.ts";

/** None for a test that was delivered. */
export function hintsFor(outcome: Outcome, report: InspectedExchange, endpoint: Endpoint): readonly string[] {
  switch (outcome.kind) {
    case "delivered":
      return [];
    case "blocked":
      return [blockedHint(outcome.reason, report.detail)];
    case "unreachable":
      return [unreachableHint(outcome.reason, report, endpoint)];
    case "refused":
      return [...refusedHints(outcome.status, report, endpoint), ...consequences(outcome, endpoint)];
  }
}

function blockedHint(reason: BlockedReason, detail: string | null): string {
  if (reason === "blocked_url") return `The URL is refused before anything is sent: ${detail}.`;
  return "The address, or one that the name stands for, is not a public one. ALLOW_PRIVATE_NETWORKS opens a network to deliveries.";
}

function unreachableHint(reason: UnreachableReason, report: InspectedExchange, endpoint: Endpoint): string {
  const { host, hostname } = new URL(endpoint.url);
  switch (reason) {
    case "dns":
      return dnsHint(hostname, report.detail);
    case "connect":
      return report.detail === "ECONNREFUSED"
        ? `Nothing listens on ${host}, or something before it refuses. Is the receiver running, and is the port right?`
        : `No connection to ${host} came about (${report.detail ?? "no answer in time"}). Does a firewall let this service in?`;
    case "tls":
      return tlsHint(host, hostname, report.detail);
    case "timeout":
      return report.timings.connectMs === null
        ? `The time of ${seconds(endpoint)} was up before a connection came about.`
        : `The receiver took the request and did not answer within ${seconds(endpoint)}. Answer 2xx first and do the work after it, or give the endpoint a longer timeout.`;
    case "reset":
      return `The receiver, or something before it, closed the connection without an answer (${report.detail ?? "no reason given"}). Its log may say why; a limit on body size or a crash are usual.`;
    case "protocol":
      return "What came back is no HTTP/1.1 answer, or its headers are larger than 16 KiB. Is this the port of a web server?";
  }
}

const seconds = ({ timeoutMs }: Endpoint): string => `${timeoutMs / 1_000} s`;

function dnsHint(hostname: string, detail: string | null): string {
  if (detail === "ENOTFOUND") return `There is no address for ${hostname}. Is the name spelled right?`;
  return `The name ${hostname} could not be resolved (${detail ?? "no answer in time"}). If other names fail as well, look at the name servers of this service.`;
}

const TLS_HINTS: ReadonlyMap<string | null, string> = new Map(
  Object.entries({
    DEPTH_ZERO_SELF_SIGNED_CERT:
      "The certificate is self-signed, so that nobody vouches for it. Give the receiver one of a public authority; no setting skips this check.",
    SELF_SIGNED_CERT_IN_CHAIN:
      "The certificate comes from an authority that is not trusted here. If it is your own, start this service with NODE_EXTRA_CA_CERTS.",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      "Nobody trusted here vouches for the certificate. Usually the receiver does not send the intermediate certificate with its own.",
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      "The certificate's authority is not trusted here. Usually the receiver does not send the intermediate certificate with its own.",
    CERT_HAS_EXPIRED: "The certificate has expired. Renew it on the receiver.",
    CERT_NOT_YET_VALID: "The certificate is not valid yet. Look at the clocks on both sides.",
    ERR_SSL_WRONG_VERSION_NUMBER: "What listens there does not speak TLS. Is this the port of plain http?",
  }),
);

function tlsHint(host: string, hostname: string, detail: string | null): string {
  if (detail === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `The certificate is for another name than ${hostname}. Use a name that it is for, or get one for this name.`;
  return (
    TLS_HINTS.get(detail) ?? `No TLS handshake with ${host} came about (${detail ?? "no answer in time"}).`
  );
}

function refusedHints(status: number, report: InspectedExchange, endpoint: Endpoint): readonly string[] {
  if (status < 400) return [redirectHint(report.headers["location"])];
  if (status >= 500) return [serverHint(status)];
  switch (status) {
    case 400:
    case 401:
    case 403:
    case 422:
      return [
        "If the receiver could not verify the signature: does it hold this endpoint's secret, does it verify the body's bytes before anything parses them, and is its clock right?",
        ...[endpoint.profile, ...endpoint.furtherProfiles].map(
          (name) => `${name}: ${profiles[name].verification}.`,
        ),
        "If it wants a header of its own, such as Authorization, give the endpoint that header.",
      ];
    default:
      return [STATUS_HINTS[status] ?? `The receiver refused with ${status}; its log may say why.`];
  }
}

function redirectHint(location: string | undefined): string {
  const where = location === undefined ? "where it leads" : "what its Location header names";
  return `Redirects are never followed: a signed request goes only where it was meant to. Change the endpoint's URL to ${where}.`;
}

function serverHint(status: number): string {
  if (status === 502 || status === 504)
    return `A proxy before the receiver did not get an answer from it (${status}). Is the receiver itself running?`;
  if (status === 503)
    return "The receiver, or a proxy before it, says that it is overloaded or down for maintenance.";
  return `The receiver failed (${status}); its log at this moment says why.`;
}

const STATUS_HINTS: Readonly<Record<number, string>> = {
  404: "There is nothing at this path. Does the URL hold the whole path of the receiver, with every prefix?",
  405: "This path does not take POST. Deliveries are always POSTs.",
  408: "The receiver did not get the whole request in its time.",
  410: "The receiver says that it is gone for good.",
  413: "The body is too large for the receiver. Events hold up to 256 KiB; raise its limit, or that of a proxy before it.",
  415: "The receiver does not take application/json, which deliveries are.",
  429: "The receiver gets more than it wants. Give the endpoint a rate limit.",
};

/** Consequences that a delivery would have had besides. */
function consequences(
  { status, instruction }: Extract<Outcome, { readonly kind: "refused" }>,
  endpoint: Endpoint,
): readonly string[] {
  if (status === 410 || instruction === "disable")
    return ["This answer to a delivery would disable the endpoint. A test does not."];
  if (instruction === "abort") return ["This answer to a delivery would give it up without another attempt."];
  if (profiles[endpoint.profile].isFinal(status))
    return [
      `With profile ${endpoint.profile} a delivery is given up at this status, without another attempt.`,
    ];
  return [];
}
