/**
 * From a request's bytes to the answer for its sender: verify → process → answer. What the adapters share, and what to
 * call from a framework that has none. It never parses or logs a body, and what is our own fault it throws, so that
 * the framework tells of it as of any other bug.
 */
import type { RawBody } from "./bytes.ts";
import type { Inbox, InboxResult } from "./inbox.ts";
import type { HeadersInput } from "./received-headers.ts";
import { VerificationError } from "./verification-error.ts";
import { type VerifyOptions, verify } from "./verify.ts";

export interface ReceiverOptions extends VerifyOptions {
  /** Several while they are being rotated. */
  readonly secrets: string | readonly string[];
  readonly inbox: Inbox;
  /** Larger bodies are answered with 413. Default: 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Hears why a request was refused, for a log or a metric. */
  readonly onRefused?: ((error: VerificationError) => void) | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MAX_BODY_BYTES = 1_048_576;

export const bodyLimit = ({ maxBodyBytes = MAX_BODY_BYTES }: ReceiverOptions): number => maxBodyBytes;

/** Rejects with what the handler or the store rejected with, and with what is wrong with the receiver itself. */
export async function answerTo(
  rawBody: RawBody,
  headers: HeadersInput,
  options: ReceiverOptions,
): Promise<Answer> {
  const verified = await verify(rawBody, headers, options.secrets, options).catch(keepRefusal);
  if (!(verified instanceof VerificationError))
    return answerOf(await options.inbox.process(verified), options);
  options.onRefused?.(verified);
  if (verified.status >= 500) throw verified;
  return problem(verified.status, verified.code, verified.message);
}

function keepRefusal(error: unknown): VerificationError {
  if (error instanceof VerificationError) return error;
  throw error;
}

function answerOf(result: InboxResult, { profile }: ReceiverOptions): Answer {
  if (result.kind !== "busy") return json(200, { result: result.kind });
  // To ai-core's sender a 4xx is final; it would never come back for an event whose holder has crashed.
  const answer = problem(profile === "ai-core" ? 503 : 409, "BUSY", "another copy of this event is in work");
  return { ...answer, headers: { ...answer.headers, "retry-after": String(result.retryAfterSeconds) } };
}

export function tooLarge(options: ReceiverOptions): Answer {
  const answer = problem(413, "BODY_TOO_LARGE", `expected at most ${bodyLimit(options)} bytes`);
  // The rest of the body is not waited for.
  return { ...answer, headers: { ...answer.headers, connection: "close" } };
}

/** RFC 9457. */
function problem(status: number, code: string, detail: string): Answer {
  return json(status, { status, code, detail }, "application/problem+json");
}

function json(status: number, body: object, type = "application/json"): Answer {
  return { status, headers: { "content-type": type }, body: JSON.stringify(body) };
}
