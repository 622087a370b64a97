/** Findings about one receiver: refused by our own rules, not reached, or reached with a certificate that ends. */
import type { Origin } from "../../core/brand.ts";
import type { Complaint } from "../../core/errors.ts";
import type { BlockedReason } from "../../core/outcome.ts";
import type { EndpointOutline } from "../../core/readings.ts";
import type { ClosedNetwork } from "../../deliver/address-guard.ts";
import type { Handshake } from "../../deliver/handshake.ts";
import { blockedHint, unreachableHint } from "../test-hints.ts";
import { broken, type Finding, ok, warning } from "./finding.ts";
import { counted } from "./redis-findings.ts";
import { some } from "./work-findings.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const ENDS_SOON_DAYS = 21;

interface Refused {
  readonly endpoint: EndpointOutline;
  readonly reason: BlockedReason;
  readonly problem: string;
  readonly closedNetwork: ClosedNetwork | null;
}

/** Endpoints of one origin that are refused for one and the same reason. */
export function refusedFinding(origin: Origin, refused: readonly Refused[]): Finding {
  const endpoints = refused.map(({ endpoint }) => endpoint);
  const [{ reason = "blocked_url", problem = "", closedNetwork = null } = {}] = refused;
  const remedy =
    reason === "blocked_url"
      ? "change the URL, or what this installation allows"
      : blockedHint(reason, { detail: problem, closedNetwork });
  return about(endpoints, broken("endpoint", `${named(origin, endpoints)}: refused: ${problem}`, remedy));
}

/** For our own failure, of which the receiver knows nothing. */
export function notLookedAt(
  origin: Origin,
  endpoints: readonly EndpointOutline[],
  { got, remedy }: Complaint,
): Finding {
  return about(
    endpoints,
    broken("endpoint", `${named(origin, endpoints)}: could not be looked at: ${got}`, remedy),
  );
}

export function handshakeFinding(
  origin: Origin,
  endpoints: readonly EndpointOutline[],
  handshake: Handshake,
  nowMs: number,
): Finding {
  return about(endpoints, findingOf(origin, named(origin, endpoints), handshake, nowMs));
}

function findingOf(origin: Origin, name: string, handshake: Handshake, nowMs: number): Finding {
  const { failure, certificateEndsAt } = handshake;
  if (failure !== null) return failureFinding(origin, name, handshake);
  if (certificateEndsAt === null) return ok("endpoint", `${name}: can be reached, by plain http`);
  const days = Math.floor((certificateEndsAt - nowMs) / DAY_MS);
  const until = new Date(certificateEndsAt).toISOString().slice(0, 10);
  const seen = `${name}: its certificate ends in ${counted(days, "day")}, on ${until}`;
  if (days >= ENDS_SOON_DAYS) return ok("endpoint", seen);
  return warning("endpoint", seen, "renew it on the receiver; after that day nothing is delivered");
}

function failureFinding(origin: Origin, name: string, handshake: Handshake): Finding {
  const { failure, detail } = handshake;
  if (failure?.kind !== "failed") {
    const hint = blockedHint("blocked_destination", handshake);
    return broken("endpoint", `${name}: its address is refused`, hint);
  }
  const stage = STAGES[failure.reason] ?? failure.reason;
  const report = {
    detail,
    timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 },
  };
  return broken(
    "endpoint",
    `${name}: ${stage} (${detail ?? "no answer in time"})`,
    unreachableHint(failure.reason, report, { url: origin, timeoutMs: 0 }),
  );
}

const STAGES: Readonly<Record<string, string>> = {
  dns: "its name does not resolve",
  connect: "no connection",
  tls: "no TLS",
};

const named = (origin: Origin, endpoints: readonly EndpointOutline[]): string =>
  `${origin} (${some(endpoints.map(({ id }) => id))})`;

const about = (endpoints: readonly EndpointOutline[], finding: Finding): Finding => ({
  ...finding,
  about: endpoints.map(({ id }) => id),
});
