/**
 * A wire profile seen from the other end: how one family's requests prove where they come from, and where the event
 * is in their bodies. One small file per family in profiles/; the sender's side of each is in src/wire/profiles.
 */
import type { Bytes } from "./bytes.ts";
import type { ReceivedHeaders } from "./received-headers.ts";

export const SIGNED_CONTENTS = ["body", "timestamp.body", "id.timestamp.body"] as const;

/** The part of what a receiver knows of its sender that only some families need. */
export interface Agreement {
  /** ai-core: the URL exactly as the sender knows it, which a proxy may hide from the application. */
  readonly targetUri?: string | undefined;
  /** ai-core: the request's method. Default: `POST`. */
  readonly method?: string | undefined;
  /** stripe, hmac: the header that holds the signature. Default: `stripe-signature`, `x-signature`. */
  readonly signatureHeader?: string | undefined;
  /** hmac: what the signature covers. Default: `body`. */
  readonly signedContent?: (typeof SIGNED_CONTENTS)[number] | undefined;
}

export interface ReceivedRequest extends Agreement {
  readonly body: Bytes;
  readonly headers: ReceivedHeaders;
  /** Never empty. */
  readonly secrets: readonly string[];
  readonly nowSeconds: number;
  readonly toleranceSeconds: number;
}

export type JsonRecord = Readonly<Record<string, unknown>>;

/** An authentic body: parsed, and its fields, of which there are none where it is no object. */
export interface ParsedBody {
  readonly json: unknown;
  readonly fields: JsonRecord;
}

/** The event as the body tells it. What it does not tell is undefined; without a type it is not this family's. */
export interface Reading {
  readonly id?: unknown;
  readonly type: unknown;
  readonly timestamp: unknown;
  readonly data: unknown;
}

export interface ReceivingProfile {
  /** Resolves when the request is authentic and fresh; rejects with a VerificationError that says why not. */
  readonly authenticate: (request: ReceivedRequest) => Promise<void>;
  readonly read: (body: ParsedBody, headers: ReceivedHeaders) => Reading;
}

/** The type of an event whose body says nothing of it, in a family that has no other place for it. */
export const UNKNOWN_TYPE = "unknown";

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);
