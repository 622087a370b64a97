/**
 * A refusal of the service with a code that is none of ours. Apart from the client that throws it, so that showing
 * an error loads no client.
 */
import type { Complaint } from "../core/errors.ts";

/** A refusal with a code that belongs to requests, or that only a newer service knows. */
export class Refused extends Error implements Complaint {
  readonly code: string;
  readonly expected: string;
  readonly got: string;
  readonly remedy: string;

  constructor(code: string, { expected, got, remedy }: Complaint) {
    super(`expected ${expected}, got ${got}; ${remedy}`);
    this.name = "Refused";
    this.code = code;
    this.expected = expected;
    this.got = got;
    this.remedy = remedy;
  }
}
