/**
 * An endpoint as a person asks for it, and what that means where they left something open. What is wrong with it
 * is said elsewhere; nothing is stored here.
 */
import { exponentialSchedule, STANDARD_WEBHOOKS_SCHEDULE } from "../core/backoff.ts";
import type { ProfileName, ProfileOptions, RateLimit } from "../core/endpoint.ts";

/** Schedules that have a name. */
export const SCHEDULES = { "standard-webhooks": STANDARD_WEBHOOKS_SCHEDULE } as const;

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
  /** Waits between attempts in ms, at most 24; or the schedule that Standard Webhooks recommends. */
  readonly retrySchedule?: readonly number[] | keyof typeof SCHEDULES;
  /** 0–24: cuts the schedule, or goes on with it, each further wait doubled. */
  readonly maxRetries?: number;
  /** Open POSTs per worker, 1–1,000. */
  readonly maxInFlight?: number;
  /** At most so many attempts in a time, over the whole fleet; null (the default) for no such limit. */
  readonly rateLimit?: RateLimit | null;
  readonly description?: string;
  /** The owner's own labels: at most 20, 4 KB in all. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** False to add it switched off. */
  readonly isActive?: boolean;
}

export interface RegistrationRules {
  /** The problem of a URL; null when it may be used. */
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

/** The header in which Stripe's own receivers look. */
const SIGNATURE_HEADER = "Stripe-Signature";

export const profilesOf = ({
  profile = "standard",
  furtherProfiles = [],
}: EndpointRequest): readonly ProfileName[] => [profile, ...furtherProfiles];

export function optionsOf(request: EndpointRequest): ProfileOptions {
  return {
    signaturePrefix: request.signaturePrefix ?? true,
    replayProtection: request.replayProtection ?? false,
    signatureHeader: request.signatureHeader ?? SIGNATURE_HEADER,
  };
}

/** In ms; for a request without problems. */
export function scheduleOf(
  request: EndpointRequest,
  { defaults }: Pick<RegistrationRules, "defaults">,
): readonly number[] {
  const { retrySchedule = defaults.retrySchedule, maxRetries } = request;
  const waits = typeof retrySchedule === "string" ? SCHEDULES[retrySchedule] : retrySchedule;
  return maxRetries === undefined ? waits : exponentialSchedule(maxRetries, defaults.retryDelayMs, waits);
}
