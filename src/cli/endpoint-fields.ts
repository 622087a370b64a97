/** An endpoint in the API's words and in those of the commands: what is asked for with options, and what is shown. */
import type { ShownWebhook } from "../api/webhook-fields.ts";
import { formatDuration, parseDurationMs } from "../core/duration.ts";
import { MASK, PROFILE_NAMES } from "../core/endpoint.ts";
import { type Invocation, usage } from "./command-line.ts";
import { choice, choices, durationMs, durationsMs, list, wholeNumber } from "./values.ts";

/** The body of a request that makes a webhook; JSON leaves out what is undefined. Throws USAGE. */
export function webhookOf(asked: Invocation) {
  const [url = ""] = asked.operands;
  const [secret, ...older] = asked.all("secret");
  const timeoutMs = durationMs(asked, "timeout");
  return {
    url,
    id: asked.one("id"),
    events: list(asked, "events"),
    profile: choice(asked, "profile", PROFILE_NAMES),
    further_profiles: choices(asked, "further-profile", PROFILE_NAMES),
    signature_prefix: !asked.has("bare-signature"),
    replay_protection: asked.has("replay-protection"),
    signature_header: asked.one("signature-header"),
    secret: secret === undefined ? undefined : [secret, ...older],
    ed25519: asked.has("ed25519"),
    headers: headersOf(asked),
    signs_destinations: asked.has("signs-destinations"),
    timeout_seconds: timeoutMs === undefined ? undefined : timeoutMs / 1_000,
    retry_schedule: durationsMs(asked, "retry-schedule")?.map(formatDuration),
    max_in_flight: wholeNumber(asked, "max-in-flight", 1, 1_000),
    description: asked.one("description"),
  };
}

function headersOf(asked: Invocation): Readonly<Record<string, string>> {
  const headers = asked.all("header").map((text): readonly [string, string] => {
    const colon = text.indexOf(":");
    // Text without a colon may be all value.
    if (colon < 1)
      throw usage("--header 'Name: value'", `a text of ${text.length} characters without a name and a colon`);
    return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  });
  return Object.fromEntries(headers);
}

/** As the service's own code has it, secrets masked. */
export function shownEndpoint(webhook: ShownWebhook) {
  const { rate_limit: rate } = webhook;
  return {
    id: webhook.id,
    url: webhook.url,
    events: webhook.events,
    profile: webhook.profile,
    furtherProfiles: webhook.further_profiles,
    profileOptions: {
      signaturePrefix: webhook.signature_prefix,
      replayProtection: webhook.replay_protection,
      signatureHeader: webhook.signature_header,
    },
    secrets: secretsOf(webhook),
    headers: webhook.headers,
    signsDestinations: webhook.signs_destinations,
    timeoutMs: webhook.timeout_seconds * 1_000,
    retrySchedule: webhook.retry_schedule.map(parseDurationMs),
    maxInFlight: webhook.max_in_flight,
    rateLimit: rate === null ? null : { count: rate.count, perMs: rate.per_seconds * 1_000 },
    description: webhook.description,
    metadata: webhook.metadata,
    isActive: webhook.is_active,
    disabledBecause: webhook.disabled_because,
    disabledAt: webhook.disabled_at,
    createdAt: webhook.created_at,
    updatedAt: webhook.updated_at,
  };
}

/** Newest first; `values` are those that may be shown. */
export function secretsOf({ secrets }: ShownWebhook, values: readonly string[] = []) {
  return secrets.map(({ expires_at: expiresAt }, index) => ({
    value: values[index] ?? MASK,
    expiresAt: expiresAt === null ? null : Date.parse(expiresAt),
  }));
}

export const profilesOf = ({ profile, further_profiles: further }: ShownWebhook): string =>
  [profile, ...further].join("+");
