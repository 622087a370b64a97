/**
 * The two breakers on the way to an endpoint: its own, and that of its origin. A thousand endpoints of one host that is
 * gone need not each find it out, at five attempts and as many timeouts of theirs; while one path of a host that answers
 * all the others may be ill by itself.
 */
import type { EndpointId, Origin } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { breakerChanged, type Tell } from "../core/happening.ts";
import { originOf } from "../core/origin.ts";
import type { Outcome } from "../core/outcome.ts";
import type { FindEndpoint } from "../endpoints/destinations.ts";
import { type Admission, type BreakerSettings, createBreakers } from "./breaker.ts";
import { isOutOfReach, isUnhealthy } from "./breaker-rules.ts";
import type { SharedBreaker } from "./ports.ts";

/** `isProbe` is of the endpoint's breaker. */
export interface AdmissionByBoth extends Admission {
  readonly isOriginProbe: boolean;
}

export interface BothBreakers {
  /** 0 unless one of them is open and its probe is not due; then how long to hold, in ms. */
  readonly probeDueInMs: (endpoint: Endpoint) => number;
  /** May this attempt go? Where a probe is due, one worker gets it, for `leaseMs` at the most. */
  readonly admit: (endpoint: Endpoint, leaseMs: number) => AdmissionByBoth | Promise<AdmissionByBoth>;
  /** Takes in how an attempt came out. Resolves when the fleet knows, where it must. */
  readonly report: (
    endpoint: Endpoint,
    outcome: Outcome,
    admission: Pick<AdmissionByBoth, "isProbe" | "isOriginProbe">,
  ) => Promise<void> | undefined;
  readonly dispose: () => void;
}

interface BothBreakersDeps {
  readonly shared: SharedBreaker;
  readonly endpoints: FindEndpoint;
  readonly now: () => number;
  readonly dice: () => number;
  readonly tell: Tell;
  /** Called when an endpoint, or all of an origin, comes back, so that it is not flooded. */
  readonly onReopened: (id: EndpointId) => void;
  readonly onOriginReopened: (origin: Origin) => void;
}

export function createBothBreakers(settings: BreakerSettings, deps: BothBreakersDeps): BothBreakers {
  const { shared, endpoints } = deps;
  const own = createBreakers<EndpointId>(settings, {
    ...deps,
    isFailure: isUnhealthy,
    mayReturn: (id) => isDestinationId(id) || endpoints.get(id) !== undefined,
  });
  const origins = createBreakers<Origin>(settings, {
    ...deps,
    isFailure: isOutOfReach,
    mayReturn: () => true,
    onReopened: deps.onOriginReopened,
  });

  /** Another one has its id by now: what this one did says nothing of that. */
  const isFormer = ({ id, incarnation }: Endpoint): boolean => {
    const found = isDestinationId(id) ? undefined : endpoints.get(id);
    return found !== undefined && found.incarnation !== incarnation;
  };

  const admitOwn = async (id: EndpointId, leaseMs: number): Promise<AdmissionByBoth> => ({
    ...(await own.admit(id, leaseMs)),
    isOriginProbe: false,
  });

  /** The probe of an origin is that of its endpoint, too: there is only one. */
  const admitThroughOrigin = async (endpoint: Endpoint, leaseMs: number): Promise<AdmissionByBoth> => {
    const { id } = endpoint;
    const ownHoldMs = own.probeDueInMs(id);
    if (ownHoldMs > 0) return { holdMs: ownHoldMs, isProbe: false, isOriginProbe: false };
    const originLeaseMs = Math.min(leaseMs, ORIGIN_LEASE_MAX_MS);
    const { holdMs, isProbe: isOriginProbe } = await origins.admit(originOf(endpoint), originLeaseMs);
    const isProbe = isOriginProbe && shared.openUntil(id) !== null;
    if (isProbe) deps.tell(breakerChanged(id, "half_open"));
    return { holdMs, isProbe, isOriginProbe };
  };

  return {
    probeDueInMs: (endpoint) =>
      Math.max(own.probeDueInMs(endpoint.id), origins.probeDueInMs(originOf(endpoint))),
    admit: (endpoint, leaseMs) => {
      if (shared.openUntil(originOf(endpoint)) !== null) return admitThroughOrigin(endpoint, leaseMs);
      return shared.openUntil(endpoint.id) === null ? GO : admitOwn(endpoint.id, leaseMs);
    },
    report: (endpoint, outcome, { isProbe, isOriginProbe }) => {
      const told = isFormer(endpoint) ? undefined : own.report(endpoint.id, outcome, isProbe);
      const originTold = origins.report(originOf(endpoint), outcome, isOriginProbe);
      if (told === undefined || originTold === undefined) return told ?? originTold;
      return Promise.all([told, originTold]).then(() => undefined);
    },
    dispose: () => {
      own.dispose();
      origins.dispose();
    },
  };
}

/** Longer than it takes to resolve a name and to connect; that an answer is slow keeps no other endpoint waiting. */
const ORIGIN_LEASE_MAX_MS = 12_000;

const GO: AdmissionByBoth = { holdMs: 0, isProbe: false, isOriginProbe: false };
