/**
 * Receives a callback: verify → store → say whether it was accepted. The signature is checked by the receiver's own `verify`,
 * and nothing is answered before Redis has the callback. What is refused is kept, too, so that somebody can see why; it
 * never takes the place of what was accepted.
 */
import { hash } from "node:crypto";
import { asSourceId, type CallbackId } from "../core/brand.ts";
import { type CallbackSignature, REFUSED_BODY_MAX_BYTES } from "../core/callback.ts";
import type { Tell } from "../core/happening.ts";
import { isUnsigned, type Source } from "../core/source.ts";
import { readClaims } from "../receiver/claims.ts";
import { VerificationError } from "../receiver/verification-error.ts";
import { verify } from "../receiver/verify.ts";
import type { Callbacks } from "../store/callbacks.ts";
import { type Sources, sourceUnknown } from "../store/sources.ts";

interface IncomingRequest {
  readonly source: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** The URL as its sender knows it, which ai-core signs. */
  readonly targetUri: string;
}

interface ReceivedCallback {
  readonly id: CallbackId;
  readonly signature: CallbackSignature;
  readonly copies: number;
  readonly isAccepted: boolean;
  /** The reason why its signature is not valid, without a secret; null where it is. */
  readonly reason: string | null;
}

/** Throws SOURCE_UNKNOWN. Resolves once it is stored, also where it is not accepted. */
export type ReceiveCallback = (request: IncomingRequest) => Promise<ReceivedCallback>;

interface ReceiveCallbackDeps {
  readonly sources: Pick<Sources, "find">;
  readonly callbacks: Pick<Callbacks, "store">;
  readonly tell: Tell;
  readonly now: () => number;
}

interface Finding {
  readonly callbackId: string;
  readonly type: string | null;
  readonly signature: CallbackSignature;
  readonly code: string | null;
  readonly reason: string | null;
}

export function createReceiveCallback({
  sources,
  callbacks,
  tell,
  now,
}: ReceiveCallbackDeps): ReceiveCallback {
  return async (request) => {
    const source = await sources.find(asSourceId(request.source));
    if (source === null) throw sourceUnknown(request.source);
    const finding = bounded(await lookAtSignature(request, source, now));
    const { signature, code, reason } = finding;
    const isAccepted = signature !== "invalid" || source.onInvalid === "flag";
    const { body } = request;
    const { id, copies, removed } = await callbacks.store(
      {
        ...finding,
        source: source.id,
        isAccepted,
        headers: headersToKeep(request.headers),
        bodyBytes: body.length,
        body: isAccepted ? body : body.subarray(0, REFUSED_BODY_MAX_BYTES),
        digest: hash("sha256", body, "hex"),
      },
      now(),
    );
    const about = { source: source.id, callbackId: id, signature, code, isAccepted, copies };
    tell({ kind: "callback.received", ...about, bodyBytes: body.length });
    if (removed > 0) tell({ kind: "callbacks.removed", count: removed });
    return { id, signature, copies, isAccepted, reason };
  };
}

async function lookAtSignature(
  { body, headers, targetUri }: IncomingRequest,
  source: Source,
  now: () => number,
): Promise<Finding> {
  const { profile, signatureHeader, signedContent, secrets } = source;
  const claim = async (rest: Pick<Finding, "signature" | "code" | "reason">): Promise<Finding> => {
    const { id, type } = await readClaims(body, headers, profile);
    return { callbackId: id, type, ...rest };
  };
  if (isUnsigned(source)) return await claim({ signature: "unsigned", code: null, reason: null });
  try {
    const options = { profile, signedContent, signatureHeader: signatureHeader ?? undefined, targetUri, now };
    const { id, type } = await verify(body, headers, secrets, options);
    return { callbackId: id, type, signature: "valid", code: null, reason: null };
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const { code, message: reason } = error;
    // Comes behind the signature: its sender has signed what this profile cannot read.
    return await claim({ signature: code === "PAYLOAD_UNREADABLE" ? "valid" : "invalid", code, reason });
  }
}

const ID_MAX_CHARACTERS = 256;
const TYPE_MAX_CHARACTERS = 128;
const TEXT_MAX_CHARACTERS = 300;

/** Of what a stranger may say. */
const bounded = ({ callbackId, type, code, reason, signature }: Finding): Finding => ({
  callbackId: callbackId.slice(0, ID_MAX_CHARACTERS),
  type: type?.slice(0, TYPE_MAX_CHARACTERS) ?? null,
  signature,
  code,
  reason: reason?.slice(0, TEXT_MAX_CHARACTERS) ?? null,
});

/** Those that say what came, when and from whom. None authenticates anybody: no signature, no cookie, no Authorization. */
const KEPT_HEADERS = [
  "content-type",
  "content-encoding",
  "date",
  "traceparent",
  "user-agent",
  "webhook-id",
  "webhook-timestamp",
  "x-github-delivery",
  "x-github-event",
  "x-hokusai-timestamp",
  "x-request-id",
  "x-webhook-event",
  "x-webhook-id",
] as const;

function headersToKeep(headers: IncomingRequest["headers"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, [value].flat().join(", ").slice(0, TEXT_MAX_CHARACTERS)]];
    }),
  );
}
