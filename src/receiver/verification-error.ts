/**
 * The refusal of a request: which check failed, what it expected, what came, what to do. Its text never holds a secret,
 * a signature or a byte of the body, so it may be logged, and answered to the sender. docs/receiving.md documents every
 * code; a test proves the two lists equal.
 */
const SAME_PROFILE = "use the profile that the sender uses";
const RAW_BODY = "verify the bytes as they arrived, before any parser";

/** Each code with the HTTP status that answers it (401 not authentic, 400 not readable, 500 our own fault) and what to do. */
export const VERIFICATION_CODES = {
  MISCONFIGURED: [500, "correct what verify() is given"],
  BODY_NOT_RAW: [500, RAW_BODY],
  HEADER_MISSING: [401, SAME_PROFILE],
  HEADER_MALFORMED: [401, SAME_PROFILE],
  TIMESTAMP_TOO_OLD: [401, "a replay, or this machine's clock is ahead"],
  TIMESTAMP_TOO_NEW: [401, "set this machine's clock"],
  DIGEST_MISMATCH: [401, RAW_BODY],
  SIGNATURE_MISMATCH: [401, `compare the secrets; ${RAW_BODY}`],
  PAYLOAD_UNREADABLE: [400, SAME_PROFILE],
} as const;

export type VerificationCode = keyof typeof VERIFICATION_CODES;

export class VerificationError extends Error {
  readonly code: VerificationCode;
  /** The HTTP status to answer with. */
  readonly status: number;

  constructor(code: VerificationCode, expected: string, got = "something else") {
    const [status, remedy] = VERIFICATION_CODES[code];
    super(`expected ${expected}, got ${got}; ${remedy}`);
    this.name = "VerificationError";
    this.code = code;
    this.status = status;
  }
}
