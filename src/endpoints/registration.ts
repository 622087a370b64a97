/**
 * Turns what a person asked for into an endpoint, or says everything that is wrong with it at once. Nothing is
 * stored here.
 */
import { randomBytes } from "node:crypto";
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { SEED_BYTES } from "../wire/ed25519.ts";
import { secretFrom } from "../wire/standard-webhooks.ts";
import { endpointInvalid, endpointProblems } from "./problems.ts";
import { type EndpointRequest, optionsOf, type RegistrationRules, scheduleOf } from "./request.ts";

/** The reason where an operator gave none. */
export const DISABLED_BY_HAND = "switched off by an operator";

/** Throws ENDPOINT_INVALID with every problem. `nowMs` becomes its creation time. */
export function newEndpoint(request: EndpointRequest, rules: RegistrationRules, nowMs: number): Endpoint {
  const problems = endpointProblems(request, rules);
  if (problems.length > 0) throw endpointInvalid(problems);
  const { isActive = true } = request;
  const { defaults } = rules;
  const at = new Date(nowMs).toISOString();
  return {
    id: asEndpointId(request.id ?? generateId()),
    url: request.url,
    events: request.events ?? ["*"],
    profile: request.profile ?? "standard",
    furtherProfiles: request.furtherProfiles ?? [],
    profileOptions: optionsOf(request),
    secrets: (request.secrets ?? [generateSecret(request.ed25519)]).map((value) => ({
      value,
      expiresAt: null,
    })),
    headers: request.headers ?? {},
    signsDestinations: request.signsDestinations ?? false,
    timeoutMs: request.timeoutMs ?? defaults.timeoutMs,
    retrySchedule: scheduleOf(request, rules),
    maxInFlight: request.maxInFlight ?? defaults.maxInFlight,
    rateLimit: request.rateLimit ?? null,
    description: request.description ?? "",
    metadata: request.metadata ?? {},
    isActive,
    disabledBecause: isActive ? null : DISABLED_BY_HAND,
    disabledAt: null,
    createdAt: at,
    updatedAt: at,
  };
}

export const generateSecret = (isEd25519 = false): string => secretFrom(randomBytes(SEED_BYTES), isEd25519);

function generateId(): EndpointId {
  return asEndpointId(`ep_${randomBytes(12).toString("hex")}`);
}
