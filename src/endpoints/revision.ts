/**
 * An endpoint as it becomes when somebody changes it: as a whole, in part, or its secrets. Checked like a new one,
 * as the whole that it will be. What nobody changed stays: its id, its age, its secrets, and whether it is active.
 */
import { ACTIVE, disabled, type Endpoint, MASK, type Secret, type Standing } from "../core/endpoint.ts";
import { endpointInvalid } from "./problems.ts";
import { DISABLED_BY_HAND, generateSecret, newEndpoint } from "./registration.ts";
import type { EndpointRequest, RegistrationRules } from "./request.ts";

/** Settings that may change. */
export type EndpointChanges = Partial<Omit<EndpointRequest, "id" | "ed25519">>;

export interface Rotation {
  /** For how long what signed before still signs, in ms; 0 to 7 days. */
  readonly graceMs: number;
  /** Generated like the one before when absent. */
  readonly secret?: string;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
export const GRACE_DEFAULT_MS = DAY_MS;
export const GRACE_MAX_MS = 7 * DAY_MS;
const GENERATED_ED25519 = /^whsk_/;

/** Everything anew; what was left open takes its default. Throws ENDPOINT_INVALID with every problem. */
export function replaced(
  found: Endpoint,
  request: Omit<EndpointRequest, "id" | "ed25519">,
  rules: RegistrationRules,
  nowMs: number,
): Endpoint {
  const secrets = unexpired(found.secrets, nowMs);
  const asked = newEndpoint(
    {
      ...request,
      id: found.id,
      secrets: request.secrets ?? secrets.map(({ value }) => value),
      headers: unmasked(request.headers ?? {}, found.headers),
    },
    rules,
    nowMs,
  );
  return {
    ...asked,
    secrets: request.secrets === undefined ? secrets : asked.secrets,
    ...standing(found, request.isActive ?? found.isActive, nowMs),
    createdAt: found.createdAt,
  };
}

/** Only what is given. Throws ENDPOINT_INVALID with every problem of the whole. */
export function amended(
  found: Endpoint,
  changes: EndpointChanges,
  rules: RegistrationRules,
  nowMs: number,
): Endpoint {
  const {
    id: _,
    secrets: _kept,
    profileOptions,
    createdAt,
    updatedAt,
    disabledBecause,
    disabledAt,
    ...rest
  } = found;
  return replaced(found, { ...rest, ...profileOptions, ...changes }, rules, nowMs);
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
  return found.url === tried.url && found.isActive ? switched(found, because, nowMs) : found;
}

/**
 * With a new secret first. What signed before signs on for the grace, or until its own earlier end: a rotation in the
 * middle of another shortens the older grace and never prolongs it, and one without grace leaves the new secret
 * alone. Throws ENDPOINT_INVALID, also when there would be too many.
 */
export function rotated(
  found: Endpoint,
  { graceMs, secret }: Rotation,
  rules: RegistrationRules,
  nowMs: number,
): Endpoint {
  if (!(graceMs >= 0 && graceMs <= GRACE_MAX_MS))
    throw endpointInvalid([{ field: "graceMs", problem: `expected 0 to 7 days, got ${graceMs} ms` }]);
  const before = unexpired(found.secrets, nowMs);
  const isEd25519 = GENERATED_ED25519.test(before[0]?.value ?? "");
  const value = secret ?? generateSecret(isEd25519);
  if (before.some((one) => one.value === value))
    throw endpointInvalid([{ field: "secrets", problem: "expected a new secret, got one that is in use" }]);
  const until = nowMs + graceMs;
  const older = before.map((one) => ({ ...one, expiresAt: Math.min(one.expiresAt ?? until, until) }));
  const secrets = [{ value, expiresAt: null }, ...unexpired(older, nowMs)];
  const asked = amended(found, { secrets: secrets.map((one) => one.value) }, rules, nowMs);
  return { ...asked, secrets };
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
