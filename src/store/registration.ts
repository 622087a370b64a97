/**
 * Turns what a person asked for into an endpoint, or says everything that is wrong with it at once. Nothing is
 * stored here. What a URL, a header or a secret may be is decided by those who know (the guard, the profile).
 */
import { randomBytes } from "node:crypto";
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { DESTINATION_ID_PREFIX, isDestinationId } from "../core/destination.ts";
import {
  ENDPOINT_ID_PATTERN,
  type Endpoint,
  PROFILE_NAMES,
  type ProfileName,
  type ProfileOptions,
} from "../core/endpoint.ts";
import { HookwaveError } from "../core/errors.ts";
import { isSubscription } from "../core/event.ts";
import { combinationProblems } from "../wire/combination.ts";
import { ed25519Secret } from "../wire/ed25519.ts";

export interface EndpointRequest {
  /** Generated when absent. */
  readonly id?: string;
  readonly url: string;
  /** Exact types, families (`job.*`) or everything (`*`, the default). */
  readonly events?: readonly string[];
  /** Default: `standard`. */
  readonly profile?: ProfileName;
  /** Further families whose headers are added over the same body. */
  readonly furtherProfiles?: readonly ProfileName[];
  readonly signaturePrefix?: boolean;
  readonly replayProtection?: boolean;
  /** Default: `Stripe-Signature`. */
  readonly signatureHeader?: string;
  /** Newest first; generated when absent. One that begins with `whsk_` signs with Ed25519 (`standard` only). */
  readonly secrets?: readonly string[];
  /** Generate an Ed25519 secret instead of a shared one; `publicKeyOf` says what its receiver needs. */
  readonly ed25519?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Let events name destinations that are signed with these secrets; `events` may then be empty. */
  readonly signsDestinations?: boolean;
  /** Deadline of one attempt in ms, 1,000–300,000. */
  readonly timeoutMs?: number;
  /** Waits between attempts in ms; at most 24. */
  readonly retrySchedule?: readonly number[];
  /** Open POSTs per worker, 1–1,000. */
  readonly maxInFlight?: number;
  readonly description?: string;
}

export interface RegistrationRules {
  /** What is wrong with a URL; null when it may be used. */
  readonly urlProblem: (url: string) => string | null;
  readonly headerProblems: (headers: Readonly<Record<string, string>>) => readonly string[];
  readonly secretProblem: (secret: string, profile: ProfileName) => string | null;
  readonly defaults: {
    readonly timeoutMs: number;
    readonly retrySchedule: readonly number[];
    readonly maxInFlight: number;
  };
}

/** Where Stripe's own receivers look. */
const SIGNATURE_HEADER = "Stripe-Signature";
const SECRETS_MAX = 2;
const EVENTS_MAX = 100;
const RETRIES_MAX = 24;
const WAIT_MAX_MS = 7 * 24 * 60 * 60 * 1_000;
const DESCRIPTION_MAX = 500;

/** Throws ENDPOINT_INVALID with every problem. `nowMs` becomes its creation time. */
export function newEndpoint(request: EndpointRequest, rules: RegistrationRules, nowMs: number): Endpoint {
  const problems = problemsOf(request, rules);
  if (problems.length > 0) throw endpointInvalid(problems);
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
    retrySchedule: request.retrySchedule ?? defaults.retrySchedule,
    maxInFlight: request.maxInFlight ?? defaults.maxInFlight,
    description: request.description ?? "",
    isActive: true,
    disabledBecause: null,
    createdAt: at,
    updatedAt: at,
  };
}

/** Standard Webhooks 1.0: `whsec_` and the base64 of 24 to 64 random bytes, or an Ed25519 key pair behind `whsk_`. */
export function generateSecret(isEd25519 = false): string {
  const bytes = randomBytes(32);
  return isEd25519 ? ed25519Secret(bytes) : `whsec_${bytes.toString("base64")}`;
}

function generateId(): EndpointId {
  return asEndpointId(`ep_${randomBytes(12).toString("hex")}`);
}

function problemsOf(request: EndpointRequest, rules: RegistrationRules): readonly string[] {
  const { id, url, events = ["*"], headers = {}, description = "" } = request;
  const eventsMin = request.signsDestinations ? 0 : 1;
  const urlProblem = rules.urlProblem(url);
  return [
    ...unless(
      id === undefined || (ENDPOINT_ID_PATTERN.test(id) && !isDestinationId(id)),
      `id: expected 1–64 of A–Z a–z 0–9 _ - not beginning with ${DESTINATION_ID_PREFIX}, got "${id}"`,
    ),
    ...(urlProblem === null ? [] : [`url: ${urlProblem}`]),
    ...unless(
      events.length >= eventsMin && events.length <= EVENTS_MAX,
      `events: expected ${eventsMin}–${EVENTS_MAX}, got ${events.length}`,
    ),
    ...events
      .filter((one) => !isSubscription(one))
      .map((one) => `events: expected a type, "family.*" or "*", got "${one}"`),
    ...profileProblems(request, rules),
    ...secretProblems(request, rules),
    ...rules.headerProblems(headers).map((problem) => `headers: ${problem}`),
    ...limitProblems(request),
    ...unless(description.length <= DESCRIPTION_MAX, `description: expected ≤ ${DESCRIPTION_MAX} characters`),
  ];
}

function profileProblems(request: EndpointRequest, rules: RegistrationRules): readonly string[] {
  const names = profilesOf(request);
  const unknown = names.filter((name) => !PROFILE_NAMES.includes(name));
  if (unknown.length > 0)
    return unknown.map((name) => `profile: expected ${PROFILE_NAMES.join(" or ")}, got "${name}"`);
  const options = optionsOf(request);
  const header = rules.headerProblems({ [options.signatureHeader]: "" });
  if (header.length > 0) return header.map((problem) => `signatureHeader: ${problem}`);
  return combinationProblems(names, options).map((problem) => `profiles: ${problem}`);
}

function secretProblems(request: EndpointRequest, rules: RegistrationRules): readonly string[] {
  const { secrets, ed25519 = false } = request;
  const names = profilesOf(request);
  const problems = (secrets ?? []).flatMap((secret) =>
    names.map((name) => rules.secretProblem(secret, name)).filter((problem) => problem !== null),
  );
  return [
    ...unless(
      secrets === undefined || (secrets.length >= 1 && secrets.length <= SECRETS_MAX),
      `secrets: expected one, or two while rotating, got ${secrets?.length}`,
    ),
    ...new Set(problems.map((problem) => `secrets: ${problem}`)),
    ...unless(
      !ed25519 || (secrets === undefined && names.every((name) => name === "standard")),
      "ed25519: expected profile standard alone and no secrets beside it, got others",
    ),
  ];
}

const profilesOf = ({
  profile = "standard",
  furtherProfiles = [],
}: EndpointRequest): readonly ProfileName[] => [profile, ...furtherProfiles];

function optionsOf(request: EndpointRequest): ProfileOptions {
  return {
    signaturePrefix: request.signaturePrefix ?? true,
    replayProtection: request.replayProtection ?? false,
    signatureHeader: request.signatureHeader ?? SIGNATURE_HEADER,
  };
}

function limitProblems({
  timeoutMs = 1_000,
  retrySchedule = [],
  maxInFlight = 1,
}: EndpointRequest): readonly string[] {
  const waitsAreSane = retrySchedule.every(
    (wait) => Number.isFinite(wait) && wait >= 0 && wait <= WAIT_MAX_MS,
  );
  return [
    ...unless(
      timeoutMs >= 1_000 && timeoutMs <= 300_000,
      `timeoutMs: expected 1,000–300,000, got ${timeoutMs}`,
    ),
    ...unless(
      retrySchedule.length <= RETRIES_MAX && waitsAreSane,
      `retrySchedule: expected at most ${RETRIES_MAX} waits of 0 ms to 7 days, got [${retrySchedule.join(", ")}]`,
    ),
    ...unless(
      Number.isInteger(maxInFlight) && maxInFlight >= 1 && maxInFlight <= 1_000,
      `maxInFlight: expected 1–1,000, got ${maxInFlight}`,
    ),
  ];
}

const unless = (holds: boolean, problem: string): readonly string[] => (holds ? [] : [problem]);

function endpointInvalid(problems: readonly string[]): HookwaveError {
  return new HookwaveError("ENDPOINT_INVALID", {
    expected: "an endpoint that can be used",
    got: problems.join("; "),
    remedy: "correct these and try again",
  });
}
