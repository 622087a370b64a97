/**
 * Problems of an endpoint as it was asked for: all of them at once, in words for its owner, and no secret among them.
 * What a URL, a header or a secret may be is decided by those who know (the guard, the profile).
 */
import { DESTINATION_ID_PREFIX, isDestinationId } from "../core/destination.ts";
import { ENDPOINT_ID_PATTERN, PROFILE_NAMES } from "../core/endpoint.ts";
import { type FieldProblem, HookwaveError } from "../core/errors.ts";
import { isSubscription } from "../core/event.ts";
import { combinationProblems } from "../wire/combination.ts";
import { type EndpointRequest, optionsOf, profilesOf, type RegistrationRules, SCHEDULES } from "./request.ts";

/** One, and those before it that still sign while receivers move to it. */
const SECRETS_MAX = 4;
const EVENTS_MAX = 100;
const RETRIES_MAX = 24;
const WAIT_MAX_MS = 7 * 24 * 60 * 60 * 1_000;
const DESCRIPTION_MAX = 500;
const METADATA_MAX = 20;
const METADATA_MAX_BYTES = 4_096;
const METADATA_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;
const RATE_MAX = 1_000_000;
const RATE_MAX_MS = 24 * 60 * 60 * 1_000;

/** None means that it can be used. */
export function endpointProblems(
  request: EndpointRequest,
  rules: RegistrationRules,
): readonly FieldProblem[] {
  const { id, url, events = ["*"], headers = {}, description = "", metadata = {} } = request;
  const eventsMin = request.signsDestinations ? 0 : 1;
  const urlProblem = rules.urlProblem(url);
  return [
    ...unless(
      id === undefined || (ENDPOINT_ID_PATTERN.test(id) && !isDestinationId(id)),
      "id",
      `expected 1–64 of A–Z a–z 0–9 _ - not beginning with ${DESTINATION_ID_PREFIX}, got "${id}"`,
    ),
    ...(urlProblem === null ? [] : about("url", [urlProblem])),
    ...unless(
      events.length >= eventsMin && events.length <= EVENTS_MAX,
      "events",
      `expected ${eventsMin}–${EVENTS_MAX}, got ${events.length}`,
    ),
    ...about(
      "events",
      events
        .filter((one) => !isSubscription(one))
        .map((one) => `expected a type, "family.*" or "*", got "${one}"`),
    ),
    ...profileProblems(request, rules),
    ...secretProblems(request, rules),
    ...about("headers", rules.headerProblems(headers)),
    ...limitProblems(request),
    ...scheduleProblems(request),
    ...unless(
      description.length <= DESCRIPTION_MAX,
      "description",
      `expected ≤ ${DESCRIPTION_MAX} characters, got ${description.length}`,
    ),
    ...metadataProblems(metadata),
  ];
}

export function endpointInvalid(problems: readonly FieldProblem[]): HookwaveError {
  const complaint = {
    expected: "an endpoint that can be used",
    got: problems.map(({ field, problem }) => `${field}: ${problem}`).join("; "),
    remedy: "correct these and try again",
  };
  return new HookwaveError("ENDPOINT_INVALID", complaint, { problems });
}

function profileProblems(request: EndpointRequest, rules: RegistrationRules): readonly FieldProblem[] {
  const names = profilesOf(request);
  const unknown = names.filter((name) => !PROFILE_NAMES.includes(name));
  if (unknown.length > 0)
    return about(
      "profile",
      unknown.map((name) => `expected ${PROFILE_NAMES.join(" or ")}, got "${name}"`),
    );
  const options = optionsOf(request);
  const header = rules.headerProblems({ [options.signatureHeader]: "" });
  if (header.length > 0) return about("signatureHeader", header);
  return about("furtherProfiles", combinationProblems(names, options));
}

function secretProblems(request: EndpointRequest, rules: RegistrationRules): readonly FieldProblem[] {
  const { secrets, ed25519 = false } = request;
  const names = profilesOf(request);
  const problems = (secrets ?? []).flatMap((secret) =>
    names.map((name) => rules.secretProblem(secret, name)).filter((problem) => problem !== null),
  );
  return [
    ...unless(
      secrets === undefined || (secrets.length >= 1 && secrets.length <= SECRETS_MAX),
      "secrets",
      `expected one, or up to ${SECRETS_MAX} while rotating, got ${secrets?.length}`,
    ),
    ...about("secrets", [...new Set(problems)]),
    ...unless(
      !ed25519 || (secrets === undefined && names.every((name) => name === "standard")),
      "ed25519",
      "expected profile standard alone and no secrets beside it, got others",
    ),
  ];
}

function limitProblems(request: EndpointRequest): readonly FieldProblem[] {
  const { timeoutMs = 1_000, maxInFlight = 1, rateLimit = null } = request;
  const { count = 1, perMs = 1_000 } = rateLimit ?? {};
  return [
    ...unless(
      timeoutMs >= 1_000 && timeoutMs <= 300_000,
      "timeoutMs",
      `expected 1,000–300,000, got ${timeoutMs}`,
    ),
    ...unless(isWhole(maxInFlight, 1, 1_000), "maxInFlight", `expected 1–1,000, got ${maxInFlight}`),
    ...unless(isWhole(count, 1, RATE_MAX), "rateLimit", `expected a count of 1–1,000,000, got ${count}`),
    ...unless(
      isWhole(perMs, 1_000, RATE_MAX_MS),
      "rateLimit",
      `expected a time of 1 s to 1 day, got ${perMs} ms`,
    ),
  ];
}

function scheduleProblems(request: EndpointRequest): readonly FieldProblem[] {
  const { retrySchedule = [], maxRetries = 0 } = request;
  return [
    ...unless(
      isWhole(maxRetries, 0, RETRIES_MAX),
      "maxRetries",
      `expected 0–${RETRIES_MAX}, got ${maxRetries}`,
    ),
    ...(typeof retrySchedule === "string" ? presetProblems(retrySchedule) : waitsProblems(retrySchedule)),
  ];
}

function presetProblems(name: string): readonly FieldProblem[] {
  const names = Object.keys(SCHEDULES);
  return unless(
    names.includes(name),
    "retrySchedule",
    `expected waits or ${names.join(" or ")}, got "${name}"`,
  );
}

function waitsProblems(waits: readonly number[]): readonly FieldProblem[] {
  const waitsAreSane = waits.every((wait) => Number.isFinite(wait) && wait >= 0 && wait <= WAIT_MAX_MS);
  return unless(
    waits.length <= RETRIES_MAX && waitsAreSane,
    "retrySchedule",
    `expected at most ${RETRIES_MAX} waits of 0 ms to 7 days, got [${waits.join(", ")}]`,
  );
}

function metadataProblems(metadata: Readonly<Record<string, string>>): readonly FieldProblem[] {
  const names = Object.keys(metadata);
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  return [
    ...unless(
      names.length <= METADATA_MAX,
      "metadata",
      `expected ≤ ${METADATA_MAX} names, got ${names.length}`,
    ),
    ...about(
      "metadata",
      names
        .filter((name) => !METADATA_NAME.test(name))
        .map((name) => `expected a name of 1–64 of A–Z a–z 0–9 _ . : -, got "${name.slice(0, 80)}"`),
    ),
    ...unless(
      bytes <= METADATA_MAX_BYTES,
      "metadata",
      `expected ≤ ${METADATA_MAX_BYTES} bytes as JSON, got ${bytes}`,
    ),
  ];
}

const isWhole = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;

const unless = (holds: boolean, field: string, problem: string): readonly FieldProblem[] =>
  holds ? [] : [{ field, problem }];

const about = (field: string, problems: readonly string[]): readonly FieldProblem[] =>
  problems.map((problem) => ({ field, problem }));
