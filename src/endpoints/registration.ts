/**
 * Turns what a person asked for into an endpoint, or says everything that is wrong with it at once. Nothing is
 * stored here.
 */
import { randomBytes } from "node:crypto";
import { exponentialSchedule } from "../core/backoff.ts";
import { asEndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { SEED_BYTES } from "../wire/ed25519.ts";
import { secretFrom } from "../wire/standard-webhooks.ts";
import { targetUri } from "../wire/target-uri.ts";
import { type Asked, askedIn, isAsked } from "./asked.ts";
import { SCHEDULES } from "./forms.ts";
import { endpointInvalid, endpointProblems, type RegistrationRules } from "./problems.ts";
import { type EndpointRequest, SETTINGS, withDefaults } from "./settings.ts";

/** The reason where an operator gave none. */
export const DISABLED_BY_HAND = "switched off by an operator";

const INCARNATION_BYTES = 9;

/** A request as code writes it, or one that has been read from JSON already. */
export type EndpointAsked<Request = EndpointRequest> = Request | Asked<EndpointRequest>;

export const askedOf = (request: EndpointAsked<Partial<EndpointRequest>>): Asked<EndpointRequest> =>
  isAsked(request) ? request : askedIn("code", SETTINGS, request);

/** Throws ENDPOINT_INVALID with every problem. `nowMs` becomes its creation time. */
export function newEndpoint(request: EndpointAsked, rules: RegistrationRules, nowMs: number): Endpoint {
  const asked = askedOf(request);
  const problems = endpointProblems(asked, rules);
  if (problems.length > 0) throw endpointInvalid(problems);
  const { replayProtection, signaturePrefix, ed25519, maxRetries, ...given } = withDefaults(asked.settings);
  const { signatureHeader, signatureEncoding, signedContent, ...settings } = given;
  const secrets = settings.secrets ?? [generateSecret(ed25519)];
  const at = new Date(nowMs).toISOString();
  return {
    ...settings,
    id: asEndpointId(settings.id ?? `ep_${randomBytes(12).toString("hex")}`),
    // As it is requested and signed, so that its owner sees what to verify against.
    url: targetUri(settings.url),
    incarnation: randomBytes(INCARNATION_BYTES).toString("base64url"),
    profileOptions: { signaturePrefix, replayProtection, signatureHeader, signatureEncoding, signedContent },
    secrets: secrets.map((value) => ({ value, expiresAt: null })),
    timeoutMs: settings.timeoutMs ?? rules.defaults.timeoutMs,
    retrySchedule: scheduleOf(settings.retrySchedule, maxRetries, rules.defaults),
    maxInFlight: settings.maxInFlight ?? rules.defaults.maxInFlight,
    growsInFlight: settings.maxInFlight === null,
    disabledBecause: settings.isActive ? null : DISABLED_BY_HAND,
    disabledAt: null,
    createdAt: at,
    updatedAt: at,
  };
}

/** In ms. */
function scheduleOf(
  retrySchedule: EndpointRequest["retrySchedule"] | null,
  maxRetries: number | null,
  defaults: RegistrationRules["defaults"],
): readonly number[] {
  const asked = retrySchedule ?? defaults.retrySchedule;
  const waits = typeof asked === "string" ? SCHEDULES[asked] : asked;
  return maxRetries === null ? waits : exponentialSchedule(maxRetries, defaults.retryDelayMs, waits);
}

export const generateSecret = (isEd25519 = false): string => secretFrom(randomBytes(SEED_BYTES), isEd25519);
