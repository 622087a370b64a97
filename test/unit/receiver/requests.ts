/** Requests of every profile as their sender makes them, and what a test may do to one on its way. */
import type { ProfileName } from "../../../src/core/endpoint.ts";
import type { HeadersInput, RawBody, VerifyOptions } from "../../../src/receiver/index.ts";
import { verify } from "../../../src/receiver/index.ts";
import { VerificationError } from "../../../src/receiver/verification-error.ts";
import { type FixtureOptions, signedFixture } from "../../../src/testing/signed-fixture.ts";

export const NOW = 1_700_000_000;
export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
export const OTHER_SECRET = "whsec_XYZd6uBvvTT+nOhI8+X8Q2jy9hKxiu9H8p8hZFY6AUA=";
export const URL_OF_RECEIVER = "https://receiver.example.com/hook";

/** The data has what a careless receiver changes: escapes, spaces, a big integer, `1.0`, letters beyond ASCII. */
export const DATA =
  '{"model_id":"m-1", "job_id":"j", "video_id":"v", "data":{"big":12345678901234567890, "one":1.0,"name":"łódź 🦊","esc":"\\u00e9\\/"}}';

/** A variant of a profile, as it is named in test titles. */
export const VARIANTS = {
  standard: { profile: "standard" },
  hokusai: { profile: "hokusai" },
  "hokusai, bare digits": { profile: "hokusai", signaturePrefix: false },
  "hokusai, replay protected": { profile: "hokusai", replayProtection: true },
  klipstream: { profile: "klipstream" },
  "ai-core": { profile: "ai-core" },
  "llm-service": { profile: "llm-service" },
  github: { profile: "github" },
  stripe: { profile: "stripe" },
  hmac: { profile: "hmac" },
  "hmac, bare digits": { profile: "hmac", signaturePrefix: false },
  "hmac, base64 with a time": {
    profile: "hmac",
    signatureEncoding: "base64",
    signedContent: "timestamp.body",
  },
  "hmac, as Standard Webhooks sign": {
    profile: "hmac",
    signatureEncoding: "base64",
    signaturePrefix: false,
    signedContent: "id.timestamp.body",
  },
} as const satisfies Readonly<Record<string, FixtureOptions & { readonly profile: ProfileName }>>;

export type VariantName = keyof typeof VARIANTS;
export const VARIANT_NAMES = [
  "standard",
  "hokusai",
  "hokusai, bare digits",
  "hokusai, replay protected",
  "klipstream",
  "ai-core",
  "llm-service",
  "github",
  "stripe",
  "hmac",
  "hmac, bare digits",
  "hmac, base64 with a time",
  "hmac, as Standard Webhooks sign",
] as const satisfies readonly VariantName[];

/** The header that holds the signature. */
export const SIGNATURE_HEADERS: Readonly<Record<ProfileName, string>> = {
  standard: "webhook-signature",
  hokusai: "x-hokusai-signature",
  klipstream: "x-klipstream-signature",
  "ai-core": "signature",
  "llm-service": "x-webhook-signature",
  github: "x-hub-signature-256",
  stripe: "stripe-signature",
  hmac: "x-signature",
};

/** All that a receiver hands to `verify`. */
export interface Call {
  readonly body: RawBody;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly secrets: string | readonly string[];
  readonly options: VerifyOptions;
}

export function aCall(variant: FixtureOptions & { readonly profile: ProfileName }): Call {
  const request = signedFixture({
    type: "job.completed",
    dataText: DATA,
    secrets: [SECRET],
    signedAt: NOW * 1_000,
    url: URL_OF_RECEIVER,
    ...variant,
  });
  const { profile, signedContent } = variant;
  const options = { profile, signedContent, now: () => NOW * 1_000, targetUri: URL_OF_RECEIVER };
  return { body: new TextEncoder().encode(request.body), headers: request.headers, secrets: SECRET, options };
}

export const verifyCall = ({ body, headers, secrets, options }: Call, asHeaders: HeadersInput = headers) =>
  verify(body, asHeaders, secrets, options);

/** The error that a call is refused with; fails when it is accepted. */
export async function refusalOf(call: Call, asHeaders?: HeadersInput): Promise<VerificationError> {
  const outcome: unknown = await verifyCall(call, asHeaders).catch((error: unknown) => error);
  if (outcome instanceof VerificationError) return outcome;
  throw new Error(`expected a refusal, got ${JSON.stringify(outcome)} ${String(outcome)}`);
}

export const withHeader = (
  call: Call,
  name: string,
  value: string | readonly string[] | undefined,
): Partial<Call> => ({ headers: { ...call.headers, [name]: value } });

/** The body as text, with its BOM if it has one. */
export const textOf = (call: Call): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(call));

export function bytesOf(call: Call): Uint8Array<ArrayBuffer> {
  const { body } = call;
  if (typeof body === "string") return new TextEncoder().encode(body);
  return ArrayBuffer.isView(body)
    ? Uint8Array.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))
    : new Uint8Array(body);
}

export function headerOf(call: Call, name: string): string {
  const value = call.headers[name];
  if (typeof value === "string") return value;
  throw new Error(`expected one ${name}, got ${String(value)}`);
}
