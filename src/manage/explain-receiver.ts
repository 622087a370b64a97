/**
 * Explains what would become of an event with one receiver if it were published now: would it get it, at once or
 * later, and if not, why; and with which request. What is known of the moment is handed in. It signs with sample
 * secrets only and masks what depends on them, because whoever may ask need not be one who may sign.
 */
import type { EndpointId } from "../core/brand.ts";
import { wants } from "../core/destination.ts";
import { type Blocker, type BlockerCode, type WouldSend, wouldSend } from "../core/dry-run.ts";
import { type Endpoint, liveSecrets, MASK, type RateLimit, subscribes } from "../core/endpoint.ts";
import { type Destination, isPastEnd, type PublishedEvent } from "../core/event.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { type AttemptMoment, type ShownRequest, shownRequest } from "../deliver/outgoing.ts";
import { checkUrl } from "../deliver/url-policy.ts";
import { addresseeOf, destinationId, type FindEndpoint } from "../endpoints/destinations.ts";

export interface Explanation {
  readonly endpointId: EndpointId;
  readonly url: string;
  readonly wouldSend: WouldSend;
  readonly blockers: readonly Blocker[];
  /** The request that would be sent now; null where the event is not for this receiver, or nobody can sign it. */
  readonly request: ShownRequest | null;
}

export interface Circumstances {
  readonly moment: AttemptMoment;
  readonly policy: AddressPolicy;
  /** True when an event of this id has been published before. */
  readonly isDuplicate: boolean;
  /** Epoch ms of the next probe while the endpoint's breaker, or that of its origin, is open. */
  readonly openUntil: (endpoint: Endpoint) => number | null;
  /** The wait that the endpoint's rate would ask for, in ms. */
  readonly rateWaitMs: (id: EndpointId, limit: RateLimit) => Promise<number>;
}

export async function explainEndpoint(
  endpoint: Endpoint,
  event: PublishedEvent,
  circumstances: Circumstances,
): Promise<Explanation> {
  const isSubscribed = subscribes(endpoint, event.type);
  return explain(endpoint, event, circumstances, isSubscribed ? [] : [notSubscribed(endpoint.events, event)]);
}

/** For a receiver that the event itself names. */
export async function explainDestination(
  destination: Destination,
  event: PublishedEvent,
  endpoints: FindEndpoint,
  circumstances: Circumstances,
): Promise<Explanation> {
  const endpointId = destinationId(destination);
  const addressee = addresseeOf({ endpointId, destination }, endpoints);
  if (addressee === undefined)
    return withoutRequest(endpointId, destination.url, [signerUnknown(destination)]);
  const isWanted = wants(destination, event.type);
  return explain(addressee, event, circumstances, isWanted ? [] : [notSubscribed(destination.events, event)]);
}

async function explain(
  endpoint: Endpoint,
  event: PublishedEvent,
  circumstances: Circumstances,
  notForIt: readonly Blocker[],
): Promise<Explanation> {
  const { id, url } = endpoint;
  const blockers = [...notForIt, ...lastingBlockers(endpoint, event, circumstances)];
  const cannotSign = blockers.some(({ code }) => code === "secret_missing");
  if (notForIt.length > 0 || cannotSign) return withoutRequest(id, url, blockers);
  const all = [...blockers, ...(await passingBlockers(endpoint, circumstances))];
  const request = maskedRequest(endpoint, event, circumstances.moment);
  return { endpointId: id, url, wouldSend: wouldSend(all), blockers: all, request };
}

const withoutRequest = (endpointId: EndpointId, url: string, blockers: readonly Blocker[]): Explanation => ({
  endpointId,
  url,
  wouldSend: "never",
  blockers,
  request: null,
});

/** Blockers that stay until somebody does something about them. */
function lastingBlockers(
  endpoint: Endpoint,
  event: PublishedEvent,
  { isDuplicate, moment, policy }: Circumstances,
): readonly Blocker[] {
  const check = checkUrl(endpoint.url, policy);
  const blockers: Blocker[] = [];
  const block = (code: BlockerCode, detail: string) => blockers.push({ code, detail, until: null });
  if (!endpoint.isActive)
    block("disabled", `It is disabled: ${endpoint.disabledBecause ?? "somebody switched it off"}.`);
  if (isDuplicate)
    block("duplicate", `An event with the id ${event.id} has been published; again would do nothing.`);
  if (isPastEnd(event, moment.startedAtMs)) block("expired", `It was wanted until ${event.expiresAt}.`);
  if (liveSecrets(endpoint, moment.startedAtMs).length === 0)
    block("secret_missing", "It has no secret that signs at this time.");
  if (!check.ok) block(check.reason, `Each attempt would be refused here: ${check.problem}.`);
  return blockers;
}

/** Blockers that pass with time. */
async function passingBlockers(
  endpoint: Endpoint,
  { moment: { startedAtMs }, openUntil, rateWaitMs }: Circumstances,
): Promise<readonly Blocker[]> {
  const { id, rateLimit } = endpoint;
  const blockers: Blocker[] = [];
  const block = (code: BlockerCode, what: string, until: number) =>
    blockers.push({ code, detail: `${what} at ${new Date(until).toISOString()}.`, until });
  const nextTryAt = openUntil(endpoint) ?? 0;
  if (nextTryAt > startedAtMs)
    block(
      "breaker_open",
      "It has failed too often; the next try is when its breaker lets one through",
      nextTryAt,
    );
  const waitMs = rateLimit === null ? 0 : await rateWaitMs(id, rateLimit);
  if (rateLimit !== null && waitMs > 0) {
    const rate = `${rateLimit.count} in ${rateLimit.perMs / 1_000} s`;
    block("rate_limited", `Its rate of ${rate} is used up; its next turn is free`, startedAtMs + waitMs);
  }
  return blockers;
}

const SUBSCRIPTIONS_SHOWN = 10;

function notSubscribed(events: readonly string[], { type }: PublishedEvent): Blocker {
  const more = events.length - SUBSCRIPTIONS_SHOWN;
  const shown = events.slice(0, SUBSCRIPTIONS_SHOWN).join(", ") || "nothing";
  const detail = `It subscribes to ${shown}${more > 0 ? ` and ${more} more` : ""}, which does not cover ${type}.`;
  return { code: "not_subscribed", detail, until: null };
}

function signerUnknown({ keyId, profile }: Destination): Blocker {
  const as = profile === null ? "" : ` with the profile ${profile}`;
  return { code: "key_unknown", detail: `No endpoint "${keyId}" signs for destinations${as}.`, until: null };
}

/** Two secrets that sign nothing; where requests differ with them, a real one would show. */
const SAMPLES = ["a sample secret", "another sample secret"] as const;

function maskedRequest(endpoint: Endpoint, event: PublishedEvent, moment: AttemptMoment): ShownRequest {
  const signedWith = (value: string): ShownRequest =>
    shownRequest({ ...endpoint, secrets: [{ value, expiresAt: null }] }, event, moment);
  const [request, other] = [signedWith(SAMPLES[0]), signedWith(SAMPLES[1])];
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    value === other.headers[name] ? value : MASK,
  ]);
  return { ...request, headers: Object.fromEntries(headers) };
}
