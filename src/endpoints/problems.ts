/**
 * Problems of an endpoint as it was asked for: all of them at once, in words for its owner, and no secret among them.
 * A setting's own form and bounds are in settings.ts; here is what they mean together. What a URL, a header or a secret
 * may be is decided by those who know (the guard, the profile).
 */
import { type ProfileName, unheededOptions } from "../core/endpoint.ts";
import { type FieldProblem, HookwaveError } from "../core/errors.ts";
import { TRACE_HEADERS } from "../core/trace-context.ts";
import { combinationProblems } from "../wire/combination.ts";
import type { Asked } from "./asked.ts";
import { type EndpointRequest, withDefaults } from "./settings.ts";

export interface RegistrationRules {
  /** The problem with a URL; null when it may be used. */
  readonly urlProblem: (url: string) => string | null;
  readonly headerProblems: (headers: Readonly<Record<string, string>>) => readonly string[];
  readonly secretProblem: (secret: string, profile: ProfileName) => string | null;
  readonly defaults: {
    readonly timeoutMs: number;
    readonly retrySchedule: readonly number[];
    /** The first wait where a schedule has none. */
    readonly retryDelayMs: number;
    readonly maxInFlight: number;
  };
}

const PROBLEMS_SHOWN_MAX = 100;

/** None means that it can be used. A rule is silent where what it is about is wrong by itself. */
export function endpointProblems(
  { settings, problems, wrong, nameOf }: Asked<EndpointRequest>,
  rules: RegistrationRules,
): readonly FieldProblem[] {
  const { url, events, headers, signsDestinations } = withDefaults(settings);
  const urlProblem = wrong.has("url") ? null : rules.urlProblem(url);
  const broken = [
    ...about("url", urlProblem === null ? [] : [urlProblem]),
    ...unless(
      events.length > 0 || signsDestinations || wrong.has("signsDestinations"),
      "events",
      "expected one or more, got none",
    ),
    ...(wrong.has("profile") || wrong.has("furtherProfiles") ? [] : signingProblems(settings, rules)),
    ...about("headers", rules.headerProblems(headers)),
  ];
  return [...problems, ...broken.map(({ field, problem }) => ({ field: nameOf(field), problem }))];
}

export function endpointInvalid(all: readonly FieldProblem[]): HookwaveError {
  const problems = all.slice(0, PROBLEMS_SHOWN_MAX);
  const complaint = {
    expected: "an endpoint that can be used",
    got: problems.map(({ field, problem }) => `${field}: ${problem}`).join("; "),
    remedy: "correct these and try again",
  };
  return new HookwaveError("ENDPOINT_INVALID", complaint, { problems });
}

function signingProblems(asked: Partial<EndpointRequest>, rules: RegistrationRules): readonly FieldProblem[] {
  const { profile, furtherProfiles, ed25519, secrets, ...options } = withDefaults(asked);
  const names = [profile, ...furtherProfiles];
  const header = signatureHeaderProblems(withDefaults(asked), rules);
  const unusable = (secrets ?? []).flatMap((secret) =>
    names.map((name) => rules.secretProblem(secret, name)).filter((problem) => problem !== null),
  );
  const unheeded = unheededOptions(options, names).map(({ option, heededBy }) => ({
    field: option,
    problem: `expected profile ${heededBy.join(" or ")}, which heeds it, got ${names.join(", ")}`,
  }));
  return [
    ...unheeded,
    ...about("signatureHeader", header),
    ...about("furtherProfiles", header.length > 0 ? [] : combinationProblems(names, options)),
    ...about("secrets", [...new Set(unusable)]),
    ...unless(
      !ed25519 || (secrets === null && names.every((name) => name === "standard")),
      "ed25519",
      "expected profile standard alone and no secrets beside it, got others",
    ),
  ];
}

/** Its name is the endpoint's choice, but for names that the request has already: one of the two would be lost. */
function signatureHeaderProblems(
  { signatureHeader, headers }: ReturnType<typeof withDefaults>,
  rules: RegistrationRules,
): readonly string[] {
  if (signatureHeader === null) return [];
  const name = signatureHeader.toLowerCase();
  const taken = [...TRACE_HEADERS, ...Object.keys(headers)].filter((one) => one.toLowerCase() === name);
  return [
    ...rules.headerProblems({ [signatureHeader]: "" }),
    ...taken.map((one) => `expected a name that no other header has, got ${one}`),
  ];
}

const unless = (holds: boolean, field: string, problem: string): readonly FieldProblem[] =>
  holds ? [] : [{ field, problem }];

const about = (field: string, problems: readonly string[]): readonly FieldProblem[] =>
  problems.map((problem) => ({ field, problem }));
