/**
 * A callback: a request that a source sent to us, as it was received. Its body is kept as the bytes that came; nothing of it
 * is believed before its signature is.
 */
import type { CallbackId, SourceId } from "./brand.ts";

/** `unsigned`: its source has no secret, so that nobody can say. */
export const CALLBACK_SIGNATURES = ["valid", "invalid", "unsigned"] as const;
export type CallbackSignature = (typeof CALLBACK_SIGNATURES)[number];

/** Kinds of keeping: by its own signature; taken in spite of it; answered with a refusal. */
const CALLBACK_STANDINGS = ["valid", "flagged", "refused"] as const;
type CallbackStanding = (typeof CALLBACK_STANDINGS)[number];

/** The part that other bytes under the same id replace. */
export interface CallbackContent {
  readonly id: CallbackId;
  readonly source: SourceId;
  /** The sender's own id; where it has none, one made of the body. */
  readonly callbackId: string;
  /** Null where its body does not tell. */
  readonly type: string | null;
  readonly signature: CallbackSignature;
  /** The check that failed; null where none did. */
  readonly code: string | null;
  /** The same in a sentence, without a secret or a byte of the body. */
  readonly reason: string | null;
  /** False where it was answered with a refusal. */
  readonly isAccepted: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Of all of the body, also where not all of it is kept. */
  readonly bodyBytes: number;
}

export interface Callback extends CallbackContent {
  /** Its place in the order of all of them. */
  readonly cursor: string;
  /** Epoch ms at which these bytes came first, and last. */
  readonly receivedAt: number;
  readonly lastReceivedAt: number;
  /** Times that its id came, these bytes or others. */
  readonly copies: number;
  readonly forwards: number;
  /** Epoch ms; null for one that nobody has looked at. */
  readonly seenAt: number | null;
}

export interface WholeCallback extends Callback {
  /** As it came, or its beginning. */
  readonly body: Uint8Array;
}

/** A member that is absent does not narrow. */
export interface CallbackFilter {
  readonly source?: SourceId | undefined;
  /** A type, or a family (`job.*`). */
  readonly type?: string | undefined;
  readonly signature?: CallbackSignature | undefined;
  readonly isSeen?: boolean | undefined;
  /** Epoch ms; `until` itself is not included. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export const CALLBACK_ORDERS = ["newest", "oldest"] as const;
export type CallbackOrder = (typeof CALLBACK_ORDERS)[number];

export interface CallbackCount {
  readonly total: number;
  readonly unseen: number;
  readonly invalid: number;
  readonly unsigned: number;
}

/** Answered with a refusal, it is kept to be looked at, and so much of it. */
export const REFUSED_BODY_MAX_BYTES = 16 * 1_024;

export const isTruncated = ({ bodyBytes, body }: Pick<WholeCallback, "bodyBytes" | "body">): boolean =>
  body.length < bodyBytes;

export function standingOf({
  signature,
  isAccepted,
}: Pick<CallbackContent, "signature" | "isAccepted">): CallbackStanding {
  if (!isAccepted) return "refused";
  return signature === "valid" ? "valid" : "flagged";
}

/** Is its type the one that is asked for, or of its family? */
export function isOfType(asked: string, type: string | null): boolean {
  if (asked === "*") return true;
  return asked.endsWith(".*") ? (type?.startsWith(asked.slice(0, -1)) ?? false) : type === asked;
}
