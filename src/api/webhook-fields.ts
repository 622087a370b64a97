/**
 * A webhook as JSON: what may be asked for, and what is shown. Names and units are those that clients of the older
 * service know. A secret is only ever taken in; the answers that make one add it themselves.
 */
import { z } from "zod";
import { formatDuration, parseDurationMs } from "../core/duration.ts";
import { type Endpoint, MASK, PROFILE_NAMES, type RateLimit } from "../core/endpoint.ts";
import { given } from "../core/given.ts";
import { isMaskedUrl } from "../core/mask-url.ts";
import { PRIVATE_PREFIX, publicKeyOf } from "../wire/ed25519.ts";
import { pageOf } from "./routing.ts";

const DURATION = /^\d{1,12}(?:\.\d{1,6})? ?(?:ms|s|m|h|d)?$/;
const profile = z.enum(PROFILE_NAMES);
const textByName = z.record(z.string(), z.string());
const rateLimit = z.strictObject({
  count: z.int().min(1).max(1_000_000),
  per_seconds: z.number().min(1).max(86_400),
});

const secret = z.string().max(500);

/** Clients that write every field they know write null for what they leave out. */
const absent = <Value extends z.ZodType>(value: Value) => value.nullish();

const settable = {
  events: absent(z.array(z.string()).max(100)).describe("Types, families such as `job.*`, or `*` (default)."),
  profile: absent(profile).describe("Which body and signature its receiver wants; `standard` when absent."),
  further_profiles: absent(z.array(profile)).describe("Families whose headers are added over that body."),
  signature_prefix: absent(z.boolean()).describe("hokusai: write `sha256=` before the digest."),
  replay_protection: absent(z.boolean()).describe("hokusai: sign a timestamp and a nonce, too."),
  signature_header: absent(z.string().max(128)).describe("stripe: the header that carries the signature."),
  secret: absent(z.union([secret, z.array(secret)])).describe(
    "Signs what it receives; never shown again. Up to four, newest first, while its receiver moves: all sign.",
  ),
  headers: absent(textByName).describe("Sent with every delivery. Values are shown masked."),
  signs_destinations: absent(z.boolean()).describe("May events name destinations signed with its secret?"),
  timeout_seconds: absent(z.number().min(1).max(300)).describe("Deadline of one attempt."),
  max_retries: absent(z.int().min(0).max(24)).describe(
    "Cuts `retry_schedule`, or goes on with it, doubling.",
  ),
  retry_schedule: absent(
    z.union([z.array(z.string().regex(DURATION)).max(24), z.literal("standard-webhooks")]),
  ).describe('Waits between attempts, such as `["2s", "5m"]`, or the name of a schedule.'),
  max_in_flight: absent(z.int().min(1).max(1_000)).describe("Open requests per worker."),
  rate_limit: absent(rateLimit).describe("Over the whole fleet; null for none."),
  description: absent(z.string().max(500)),
  metadata: absent(textByName).describe("Your own labels: at most 20, 4 KB in all."),
  is_active: absent(z.boolean()),
};

/** In every answer and no setting: accepted where a webhook is written back as it was read. */
const readOnly = {
  created_at: z.unknown().optional(),
  updated_at: z.unknown().optional(),
  disabled_because: z.unknown().optional(),
  disabled_at: z.unknown().optional(),
  secrets: z.unknown().optional(),
  public_key: z.unknown().optional(),
};

const url = z
  .string()
  .max(2_048)
  .refine((text) => !isMaskedUrl(text), "expected the whole URL, got one that is masked");
const id = z.string().max(64);
export const newWebhook = z.strictObject({
  url,
  id: absent(id).describe("1–64 of A–Z a–z 0–9 _ -; generated when absent."),
  ed25519: absent(z.boolean()).describe("Make an Ed25519 secret, whose receiver needs `public_key` only."),
  ...settable,
});
export const wholeWebhook = z.strictObject({ url, id: absent(id), ...settable, ...readOnly });
export const partOfWebhook = z.strictObject({ url: absent(url), id: absent(id), ...settable, ...readOnly });

export const shownWebhook = z.object({
  id: z.string(),
  url: z.string().describe("Without the role admin: as far as its host; what follows is masked."),
  events: z.array(z.string()),
  profile,
  further_profiles: z.array(profile),
  signature_prefix: z.boolean(),
  replay_protection: z.boolean(),
  signature_header: z.string(),
  headers: textByName,
  signs_destinations: z.boolean(),
  timeout_seconds: z.number(),
  max_retries: z.int(),
  retry_schedule: z.array(z.string()),
  max_in_flight: z.int(),
  rate_limit: rateLimit.nullable(),
  description: z.string(),
  metadata: textByName,
  is_active: z.boolean(),
  disabled_because: z.string().nullable(),
  disabled_at: z.iso.datetime().nullable().describe("What was accepted before is owed to it still."),
  secrets: z
    .array(z.object({ expires_at: z.iso.datetime().nullable() }))
    .describe("One for each that signs, newest first; those before it end at `expires_at`."),
  public_key: z.string().nullable().describe("What verifies an Ed25519 secret's signatures."),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type ShownWebhook = z.output<typeof shownWebhook>;
export const webhookPage = pageOf(shownWebhook);
export const madeWebhook = shownWebhook.extend({ secret: z.string().describe("Shown this once.") });

export function showWebhook(endpoint: Endpoint): ShownWebhook {
  const { profileOptions, secrets, headers, rateLimit, retrySchedule } = endpoint;
  const newest = secrets[0]?.value ?? "";
  return {
    id: endpoint.id,
    url: endpoint.url,
    events: [...endpoint.events],
    profile: endpoint.profile,
    further_profiles: [...endpoint.furtherProfiles],
    signature_prefix: profileOptions.signaturePrefix,
    replay_protection: profileOptions.replayProtection,
    signature_header: profileOptions.signatureHeader,
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, MASK])),
    signs_destinations: endpoint.signsDestinations,
    timeout_seconds: endpoint.timeoutMs / 1_000,
    max_retries: retrySchedule.length,
    retry_schedule: retrySchedule.map(formatDuration),
    max_in_flight: endpoint.maxInFlight,
    rate_limit: rateLimit === null ? null : { count: rateLimit.count, per_seconds: rateLimit.perMs / 1_000 },
    description: endpoint.description,
    metadata: endpoint.metadata,
    is_active: endpoint.isActive,
    disabled_because: endpoint.disabledBecause,
    disabled_at: endpoint.disabledAt,
    secrets: secrets.map(({ expiresAt }) => ({
      expires_at: expiresAt === null ? null : new Date(expiresAt).toISOString(),
    })),
    public_key: newest.startsWith(PRIVATE_PREFIX) ? publicKeyOf(newest) : null,
    created_at: endpoint.createdAt,
    updated_at: endpoint.updatedAt,
  };
}

export function showMade(endpoint: Endpoint): z.output<typeof madeWebhook> {
  return { ...showWebhook(endpoint), secret: endpoint.secrets[0]?.value ?? "" };
}

/** Settings that were said of a webhook, without its URL and id. */
export function readSettings(body: z.output<typeof partOfWebhook>) {
  const { timeout_seconds: timeout, rate_limit: rate, retry_schedule: schedule, secret } = body;
  const settings = given({
    events: body.events,
    profile: body.profile,
    furtherProfiles: body.further_profiles,
    signaturePrefix: body.signature_prefix,
    replayProtection: body.replay_protection,
    signatureHeader: body.signature_header,
    secrets: secret == null ? null : [secret].flat(),
    headers: body.headers,
    signsDestinations: body.signs_destinations,
    timeoutMs: timeout == null ? null : Math.round(timeout * 1_000),
    maxRetries: body.max_retries,
    retrySchedule: Array.isArray(schedule) ? schedule.map(waitMs) : schedule,
    maxInFlight: body.max_in_flight,
    description: body.description,
    metadata: body.metadata,
    isActive: body.is_active,
  });
  // The one setting for which null means something.
  return rate === undefined ? settings : { ...settings, rateLimit: rate === null ? null : rateOf(rate) };
}

const rateOf = (rate: z.output<typeof rateLimit>): RateLimit => ({
  count: rate.count,
  perMs: Math.round(rate.per_seconds * 1_000),
});

/** The schema has checked its form. */
const waitMs = (text: string): number => parseDurationMs(text) ?? Number.NaN;
