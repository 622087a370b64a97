/**
 * Hints for the person whose receiver failed a test: for every way to fail, what it usually means and what to do about
 * it. It reads what was seen and guesses nothing more; an address that a name resolves to is never in it.
 */
import type { Endpoint } from "../core/endpoint.ts";
import type { BlockedReason, Outcome, UnreachableReason } from "../core/outcome.ts";
import { HEAD_PROBLEMS } from "../deliver/odd-head.ts";
import type { InspectedExchange } from "../deliver/ports.ts";
import { profiles } from "../wire/profiles.ts";

/** None for a test that was delivered. */
export function hintsFor(outcome: Outcome, report: InspectedExchange, endpoint: Endpoint): readonly string[] {
  switch (outcome.kind) {
    case "delivered":
      return [];
    case "blocked":
      return [blockedHint(outcome.reason, report)];
    case "unreachable":
      return [unreachableHint(outcome.reason, report, endpoint)];
    case "refused":
      return [...refusedHints(outcome.status, report, endpoint), ...consequences(outcome, endpoint)];
  }
}

export function blockedHint(
  reason: BlockedReason,
  { detail, closedNetwork }: Pick<InspectedExchange, "detail" | "closedNetwork">,
): string {
  if (reason === "blocked_url") return `The URL is refused before anything is sent: ${detail}.`;
  const family = closedNetwork === null ? "" : ` (${closedNetwork.family})`;
  const network = closedNetwork?.cidr ?? "its network";
  const nat64 = NAT64.has(network) ? ", as far as the IPv4 addresses within may be called" : "";
  return `The address, or one that the name stands for, is not a public one${family}. ALLOW_PRIVATE_NETWORKS with ${network} in it opens it to deliveries${nat64}.`;
}

const NAT64: ReadonlySet<string> = new Set(["64:ff9b::/96", "64:ff9b:1::/48"]);

export function unreachableHint(
  reason: UnreachableReason,
  report: Pick<InspectedExchange, "detail" | "timings">,
  endpoint: Pick<Endpoint, "url" | "timeoutMs">,
): string {
  const { host, hostname } = new URL(endpoint.url);
  switch (reason) {
    case "dns":
      return dnsHint(hostname, report.detail);
    case "connect":
      return connectHint(host, report.detail);
    case "tls":
      return tlsHint(host, hostname, report.detail);
    case "timeout":
      return report.timings.connectMs === null
        ? `The time of ${seconds(endpoint)} was up before a connection came about.`
        : `The receiver took the request and did not answer within ${seconds(endpoint)}. Answer 2xx first and do the work after it, or give the endpoint a longer timeout.`;
    case "reset":
      return `The receiver, or something before it, closed the connection without an answer (${report.detail ?? "no reason given"}). Its log may say why; a limit on body size or a crash are usual.`;
    case "protocol":
      return protocolHint(report.detail);
  }
}

const seconds = ({ timeoutMs }: Pick<Endpoint, "timeoutMs">): string => `${timeoutMs / 1_000} s`;

function dnsHint(hostname: string, detail: string | null): string {
  if (detail === "ENOTFOUND") return `There is no address for ${hostname}. Is the name spelled right?`;
  return `The name ${hostname} could not be resolved (${detail ?? "no answer in time"}). If other names fail as well, look at the name servers of this service.`;
}

function connectHint(host: string, detail: string | null): string {
  if (detail === "ECONNREFUSED")
    return `Nothing listens on ${host}, or something before it refuses. Is the receiver running, and is the port right?`;
  if (detail === "PROXY_403")
    return `The proxy of OUTBOUND_PROXY forbids this receiver (403). Its rules see the address of ${host} and not its name: have them let it through, and its port by CONNECT.`;
  if (detail?.startsWith("PROXY_"))
    return `The proxy of OUTBOUND_PROXY made no connection to ${host} (${detail}). Is the receiver running, is the port right, and does a firewall let the proxy in?`;
  return `No connection to ${host} came about (${detail ?? "no answer in time"}). Does a firewall let this service in?`;
}

const ONLY_HTTP_1 =
  "Deliveries are sent by HTTP/1.1 and nothing else: let the receiver, or what stands before it, take that, too.";

const HEAD_HINTS: ReadonlyMap<string | null, string> = new Map(
  Object.entries({
    [HEAD_PROBLEMS.interim]:
      "The receiver began with a status below 200, which nobody asked for, and left it at that. Let it answer with a final one, such as 204.",
    [HEAD_PROBLEMS.twoFramings]:
      "The answer says in two ways where it ends, Transfer-Encoding and Content-Length. A proxy may read it otherwise than its sender meant, so it is not trusted. Let the receiver, or what stands before it, send one of the two.",
    [HEAD_PROBLEMS.twoLengths]:
      "The answer says two different lengths, so that nobody can tell where it ends. Let the receiver, or what stands before it, send Content-Length once.",
    [HEAD_PROBLEMS.badLength]:
      "The answer's Content-Length is no whole number, so that nobody can tell where it ends. Let the receiver send the number of bytes in its body, or no such header.",
    [HEAD_PROBLEMS.http2]: `The receiver speaks HTTP/2. ${ONLY_HTTP_1}`,
    [HEAD_PROBLEMS.nul]: "A header of the answer holds a NUL byte. Let the receiver leave it out.",
    [HEAD_PROBLEMS.tooLarge]:
      "The answer's headers are larger than 64 KiB. Let the receiver send fewer; a webhook needs no cookies.",
  }),
);

function protocolHint(detail: string | null): string {
  return HEAD_HINTS.get(detail) ?? "What came back is no HTTP/1.1 answer. Is this the port of a web server?";
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
    ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: `The receiver takes another protocol only, most likely HTTP/2. ${ONLY_HTTP_1}`,
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
  if (status === 505) return `The receiver does not take this version of HTTP. ${ONLY_HTTP_1}`;
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
  426: `The receiver wants another protocol, most likely HTTP/2. ${ONLY_HTTP_1}`,
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
