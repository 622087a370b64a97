/**
 * Requests as the sender would make them, for tests of receivers: signed by the code that signs real ones, without a
 * sender, a Redis or a network.
 */
import { system } from "../config/system.ts";
import { asEventId } from "../core/brand.ts";
import { OPTION_DEFAULTS, type ProfileName, type ProfileOptions } from "../core/endpoint.ts";
import { profiles } from "../wire/profiles.ts";
import { signRequest } from "../wire/sign.ts";

/** The options of a profile are those of an endpoint (docs/profiles.md). */
export interface FixtureOptions extends Partial<ProfileOptions> {
  /** Newest first. Default: one that everybody knows. */
  readonly secrets?: readonly string[];
  /** Default: `standard`. */
  readonly profile?: ProfileName;
  /** Default: `invoice.paid`. */
  readonly type?: string;
  readonly id?: string;
  /** The event's data. Default: an invoice. */
  readonly data?: unknown;
  /** The same as JSON text, for bytes that `JSON.stringify` would not write. */
  readonly dataText?: string;
  /** Epoch ms at which it is signed. Default: now. */
  readonly signedAt?: number;
  /** The URL it is sent to, which ai-core signs. */
  readonly url?: string;
}

export interface SignedFixture {
  readonly url: string;
  /** Names in lower case, as servers show them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The secret of fixtures that name none. It protects nothing. */
export const FIXTURE_SECRET = "whsec_Zml4dHVyZXMgYXJlIHNpZ25lZCB3aXRoIHRoaXM=";

export function signedFixture(options: FixtureOptions = {}): SignedFixture {
  const { secrets = [FIXTURE_SECRET], profile = "standard", type = "invoice.paid" } = options;
  const { id = "evt_fixture", url = "https://receiver.example.com/hook" } = options;
  const { data = { invoice: "in_42", cents: 1999 }, signedAt = system.now() } = options;
  const timestamp = new Date(signedAt).toISOString();
  const event = { id: asEventId(id), type, timestamp, data: options.dataText ?? JSON.stringify(data) };
  const { headers, body } = signRequest(event, profiles[profile], {
    secrets,
    attemptNumber: 1,
    timestamp: Math.floor(signedAt / 1_000),
    nonce: system.uuid(),
    url,
    options: { ...OPTION_DEFAULTS, ...options },
  });
  const lowerCased = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { url, headers: Object.fromEntries(lowerCased), body };
}
