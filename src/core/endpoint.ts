/**
 * An endpoint: one receiver with its URL, secrets, subscription, wire profile, retry policy and limits.
 * Secrets are plain only in memory; the store seals them (decision 10).
 */
import type { EndpointId } from "./brand.ts";
import { subscriptionCovers } from "./event.ts";

export const PROFILE_NAMES = [
  "standard",
  "hokusai",
  "klipstream",
  "ai-core",
  "llm-service",
  "github",
  "stripe",
] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** Of a service that is older it may be any text, a whole PEM file too. */
export const SECRET_MAX_CHARACTERS = 4_096;

export interface Secret {
  readonly value: string;
  /** Epoch ms after which this secret no longer signs; null while it is current. */
  readonly expiresAt: number | null;
}

export interface ProfileOptions {
  /** hokusai: also sign a timestamp and a nonce. */
  readonly replayProtection: boolean;
  /** hokusai: write `sha256=` before the hex digest. */
  readonly signaturePrefix: boolean;
  /** stripe: the header that carries the signature. */
  readonly signatureHeader: string;
}

/** At most `count` attempts begin in any `perMs`, over the whole fleet. */
export interface RateLimit {
  readonly count: number;
  readonly perMs: number;
}

export interface Endpoint {
  readonly id: EndpointId;
  readonly url: string;
  readonly events: readonly string[];
  /** Decides the body and which statuses are final. */
  readonly profile: ProfileName;
  /** Their headers are added over that body, for a receiver in the middle of a move. */
  readonly furtherProfiles: readonly ProfileName[];
  readonly profileOptions: ProfileOptions;
  /** Newest first; every live one signs. */
  readonly secrets: readonly Secret[];
  readonly headers: Readonly<Record<string, string>>;
  /** May events name destinations that are signed with these secrets? */
  readonly signsDestinations: boolean;
  /** Deadline of one attempt over the whole exchange, in ms. */
  readonly timeoutMs: number;
  /** Waits between attempts in ms; as many as there are retries. */
  readonly retrySchedule: readonly number[];
  /** Open POSTs per worker. */
  readonly maxInFlight: number;
  /** Nobody has set that: it begins small, and grows up to it as long as the receiver keeps up. */
  readonly growsInFlight: boolean;
  /** Null: as fast as it answers. */
  readonly rateLimit: RateLimit | null;
  readonly description: string;
  /** Its owner's own labels; nothing here reads them. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly isActive: boolean;
  readonly disabledBecause: string | null;
  /** Since when it is not active; null while it is, and for one that never was. */
  readonly disabledAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const ENDPOINT_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export function subscribes(endpoint: Endpoint, eventType: string): boolean {
  return endpoint.events.some((pattern) => subscriptionCovers(pattern, eventType));
}

/** Taking part or not; and if not, why and since when. */
export type Standing = Pick<Endpoint, "isActive" | "disabledBecause" | "disabledAt">;

export const ACTIVE: Standing = { isActive: true, disabledBecause: null, disabledAt: null };

/** Disabled once more, it has still been so since the first time. */
export function disabled(found: Endpoint, disabledBecause: string, nowMs: number): Standing {
  const disabledAt = found.isActive ? new Date(nowMs).toISOString() : found.disabledAt;
  return { isActive: false, disabledBecause, disabledAt };
}

/** Stands for what may not be shown again. No header's value can be this. */
export const MASK = "••••";

/** The secrets that sign at `nowMs`, newest first: two while a rotation is under way. */
export function liveSecrets(endpoint: Endpoint, nowMs: number): readonly string[] {
  return endpoint.secrets
    .filter((secret) => secret.expiresAt === null || secret.expiresAt > nowMs)
    .map((secret) => secret.value);
}
