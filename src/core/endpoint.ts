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
  "hmac",
] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

/** Of a service that is older it may be any text, a whole PEM file too. */
export const SECRET_MAX_CHARACTERS = 4_096;

export interface Secret {
  readonly value: string;
  /** Epoch ms after which this secret no longer signs; null while it is current. */
  readonly expiresAt: number | null;
}

export const SIGNATURE_ENCODINGS = ["hex", "base64"] as const;
export type SignatureEncoding = (typeof SIGNATURE_ENCODINGS)[number];

/** The id is that of `webhook-id`, the timestamp that of `webhook-timestamp`. */
export const SIGNED_CONTENTS = ["body", "timestamp.body", "id.timestamp.body"] as const;
export type SignedContent = (typeof SIGNED_CONTENTS)[number];

export interface ProfileOptions {
  /** hokusai: also sign a timestamp and a nonce. */
  readonly replayProtection: boolean;
  /** hokusai, hmac: write `sha256=` before the signature. */
  readonly signaturePrefix: boolean;
  /** stripe, hmac: the header that carries the signature; null: `Stripe-Signature`, `X-Signature`. */
  readonly signatureHeader: string | null;
  /** hmac: the form of the signature. */
  readonly signatureEncoding: SignatureEncoding;
  /** hmac: the text that is signed. */
  readonly signedContent: SignedContent;
}

type OptionName = keyof ProfileOptions;

export const OPTION_DEFAULTS = {
  replayProtection: false,
  signaturePrefix: true,
  signatureHeader: null,
  signatureEncoding: "hex",
  signedContent: "body",
} as const satisfies ProfileOptions;

/** The profiles that heed each option; a test proves it of every pair. */
const HEEDED_BY: Readonly<Record<OptionName, readonly ProfileName[]>> = {
  replayProtection: ["hokusai"],
  signaturePrefix: ["hokusai", "hmac"],
  signatureHeader: ["stripe", "hmac"],
  signatureEncoding: ["hmac"],
  signedContent: ["hmac"],
};

const OPTION_NAMES: readonly OptionName[] = [
  "replayProtection",
  "signaturePrefix",
  "signatureHeader",
  "signatureEncoding",
  "signedContent",
];

/** Options that ask for something which none of these profiles does, each with the profiles that would. */
export function unheededOptions(
  options: ProfileOptions,
  names: readonly ProfileName[],
): readonly { readonly option: OptionName; readonly heededBy: readonly ProfileName[] }[] {
  return OPTION_NAMES.map((option) => ({ option, heededBy: HEEDED_BY[option] })).filter(
    ({ option, heededBy }) =>
      options[option] !== OPTION_DEFAULTS[option] && !heededBy.some((name) => names.includes(name)),
  );
}

/** The same with the defaults in place of what none of these profiles heeds. */
export function heededOptions(options: ProfileOptions, names: readonly ProfileName[]): ProfileOptions {
  const idle = unheededOptions(options, names).map(({ option }) => ({ [option]: OPTION_DEFAULTS[option] }));
  return Object.assign({}, options, ...idle);
}

/** At most `count` attempts begin in any `perMs`, over the whole fleet. */
export interface RateLimit {
  readonly count: number;
  readonly perMs: number;
}

export interface Endpoint {
  readonly id: EndpointId;
  /**
   * Tells it from another one that had its id before and was removed: what was owed to that one is not owed to this
   * (decision 29). Null for one that a version before this has stored.
   */
  readonly incarnation: string | null;
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
  /** The headers traceparent and tracestate; null: as its profile has it. */
  readonly traceHeaders: boolean | null;
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

/** The incarnation that something was owed to; absent where nobody has noted it: then it is whoever has the id. */
export interface Owed {
  readonly incarnation?: string;
}

export const owedTo = ({ incarnation }: Pick<Endpoint, "incarnation">): Owed =>
  incarnation === null ? {} : { incarnation };

/** Two of which only one is known are taken for the same: a process of a version before notes neither. */
export const isOwedTo = (
  { incarnation: one }: Owed,
  { incarnation: other }: Pick<Endpoint, "incarnation">,
): boolean => one === undefined || other === null || one === other;

export const ENDPOINT_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** Families were promised requests of exact bytes; who speaks Standard Webhooks takes any header. */
export const sendsTrace = ({ traceHeaders, profile }: Pick<Endpoint, "traceHeaders" | "profile">): boolean =>
  traceHeaders ?? profile === "standard";

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
