/**
 * A wire profile seen from the other end: how one family's requests prove where they come from, and where the event
 * is in their bodies. One small file per family in profiles/; the sender's side of each is in src/wire/profiles.
 */
import type { Bytes } from "./bytes.ts";
import type { ReceivedHeaders } from "./received-headers.ts";

export interface ReceivedRequest {
  readonly body: Bytes;
  readonly headers: ReceivedHeaders;
  /** Never empty. */
  readonly secrets: readonly string[];
  readonly nowSeconds: number;
  readonly toleranceSeconds: number;
  readonly method: string;
  readonly targetUri: string | undefined;
  readonly signatureHeader: string;
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

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
