/**
 * An endpoint as it becomes when somebody changes it: as a whole, in part, or its secrets. Checked like a new one,
 * as the whole that it will be. What nobody changed stays: its id, its age, its secrets, and whether it is active.
 */
import { formatDuration } from "../core/duration.ts";
import {
  ACTIVE,
  disabled,
  type Endpoint,
  heededOptions,
  MASK,
  type Secret,
  type Standing,
} from "../core/endpoint.ts";
import { type Asked, askedIn, isAsked } from "./asked.ts";
import { SECRETS_MAX } from "./forms.ts";
import { endpointInvalid, type RegistrationRules } from "./problems.ts";
import {
  askedOf,
  DISABLED_BY_HAND,
  type EndpointAsked,
  generateSecret,
  newEndpoint,
} from "./registration.ts";
import { ROTATION, type Rotation } from "./rotation.ts";
import { type EndpointChanges, type EndpointRequest, SETTINGS } from "./settings.ts";

const GENERATED_ED25519 = /^whsk_/;

/** Everything anew; what was left open takes its default. Throws ENDPOINT_INVALID with every problem. */
export function replaced(
  found: Endpoint,
  request: EndpointAsked<Omit<EndpointRequest, "id" | "ed25519">>,
  rules: RegistrationRules,
  nowMs: number,
): Endpoint {
  const asked = askedOf(request);
  const { secrets: given, headers = {}, isActive = found.isActive } = asked.settings;
  const kept = unexpired(found.secrets, nowMs);
  const whole = newEndpoint(
    {
      ...asked,
      settings: {
        ...asked.settings,
        id: found.id,
        secrets: given ?? kept.map(({ value }) => value),
        headers: unmasked(headers, found.headers),
      },
    },
    keeping(found, rules),
    nowMs,
  );
  return {
    ...whole,
    secrets: given === undefined ? kept : whole.secrets,
    // A default is shown as a number, and what is shown may be sent back.
    growsInFlight: whole.growsInFlight || (found.growsInFlight && whole.maxInFlight === found.maxInFlight),
    ...standing(found, isActive, nowMs),
    incarnation: found.incarnation,
    createdAt: found.createdAt,
  };
}

/**
 * Only what is given. Throws ENDPOINT_INVALID with every problem of that, and of what it means for the whole; what is
 * stored stays, also where it is beyond today's bounds.
 */
export function amended(
  found: Endpoint,
  changes: EndpointAsked<EndpointChanges>,
  rules: RegistrationRules,
  nowMs: number,
): Endpoint {
  const { secrets: _, profileOptions, ...rest } = found;
  const asked = askedOf(changes);
  const { profile, furtherProfiles } = { ...rest, ...asked.settings };
  // An option of the profile that it had goes with that profile, unless it is asked for by name.
  const options = heededOptions(profileOptions, [profile, ...furtherProfiles]);
  const settings = { ...rest, ...options, ...asked.settings };
  return replaced(found, { ...asked, settings }, rules, nowMs);
}

/** Switched on, or off with a reason. */
export function switched(found: Endpoint, because: string | null, nowMs: number): Endpoint {
  return {
    ...found,
    secrets: unexpired(found.secrets, nowMs),
    ...(because === null ? ACTIVE : disabled(found, because, nowMs)),
    updatedAt: new Date(nowMs).toISOString(),
  };
}

/** As the receiver of `tried` asked for; the same where it is disabled already, or has become another receiver. */
export function disabledByReceiver(
  found: Endpoint,
  tried: Endpoint,
  because: string,
  nowMs: number,
): Endpoint {
  const isSame = found.url === tried.url && found.incarnation === tried.incarnation;
  return isSame && found.isActive ? switched(found, because, nowMs) : found;
}

/** As its failures want it; the same where it is disabled already. */
export function disabledForFailing(found: Endpoint, disableAfterMs: number, nowMs: number): Endpoint {
  if (!found.isActive) return found;
  return switched(found, `it has failed for ${formatDuration(disableAfterMs)} without one success`, nowMs);
}

/**
 * With a new secret first. What signed before signs on for the grace, or until its own earlier end: a rotation in the
 * middle of another shortens the older grace and never prolongs it, and one without grace leaves the new secret
 * alone. Throws ENDPOINT_INVALID, also when there would be too many.
 */
export function rotated(
  found: Endpoint,
  rotation: Rotation | Asked<Rotation>,
  rules: RegistrationRules,
  nowMs: number,
): Endpoint {
  const { settings, problems } = isAsked(rotation) ? rotation : askedIn("code", ROTATION, rotation);
  if (problems.length > 0) throw endpointInvalid(problems);
  const { graceMs = ROTATION.graceMs.default, secret } = settings;
  const before = unexpired(found.secrets, nowMs);
  const value = secret ?? generateSecret(GENERATED_ED25519.test(before[0]?.value ?? ""));
  if (before.some((one) => one.value === value))
    throw endpointInvalid([{ field: "secret", problem: "expected a new secret, got one that is in use" }]);
  const until = nowMs + graceMs;
  const older = before.map((one) => ({ ...one, expiresAt: Math.min(one.expiresAt ?? until, until) }));
  const secrets = [{ value, expiresAt: null }, ...unexpired(older, nowMs)];
  if (secrets.length > SECRETS_MAX)
    throw endpointInvalid([
      { field: "secret", problem: `expected up to ${SECRETS_MAX} that sign, got ${secrets.length}` },
    ]);
  // As in JSON, where what is wrong with them is said of the rotation's `secret`. Those before it are as they are.
  const asked = { ...askedIn("json", SETTINGS, {}), settings: { secrets: secrets.map((one) => one.value) } };
  return { ...amended(found, asked, rules, nowMs), secrets };
}

/** A secret that signs already stays, also where it is none that would be taken today; not so for another profile. */
function keeping(found: Endpoint, rules: RegistrationRules): RegistrationRules {
  const profiles = [found.profile, ...found.furtherProfiles];
  const isKept = (secret: string) => found.secrets.some(({ value }) => value === secret);
  return {
    ...rules,
    secretProblem: (secret, profile) =>
      isKept(secret) && profiles.includes(profile) ? null : rules.secretProblem(secret, profile),
  };
}

const unexpired = (secrets: readonly Secret[], nowMs: number): readonly Secret[] =>
  secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > nowMs);

/** Values of headers are shown masked, and what is shown may be sent back: then it means what is stored. */
function unmasked(
  headers: Readonly<Record<string, string>>,
  stored: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const names = new Map(Object.entries(stored).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value === MASK ? (names.get(name.toLowerCase()) ?? value) : value,
    ]),
  );
}

function standing(found: Endpoint, isActive: boolean, nowMs: number): Standing {
  if (isActive) return ACTIVE;
  return disabled(found, (found.isActive ? null : found.disabledBecause) ?? DISABLED_BY_HAND, nowMs);
}
