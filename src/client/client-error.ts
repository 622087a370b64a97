/** The one error of the client: a refusal by the service in its own words, or no answer that could be understood. */

type About = Pick<ClientError, "code" | "status" | "expected" | "got" | "remedy" | "ids">;

export class ClientError extends Error {
  /** The service's (docs/errors.md), or API_UNAVAILABLE where it has not answered. */
  readonly code: string;
  /** The HTTP status; null without an answer. */
  readonly status: number | null;
  readonly expected: string;
  readonly got: string;
  readonly remedy: string;
  /** Ids of the events that were asked for, in their order: after API_UNAVAILABLE, publish again under the same. */
  readonly ids: readonly string[];

  constructor(about: About, options?: { readonly cause?: unknown }) {
    super(`expected ${about.expected}, got ${about.got}; ${about.remedy}`, options);
    this.name = "ClientError";
    this.code = about.code;
    this.status = about.status;
    this.expected = about.expected;
    this.got = about.got;
    this.remedy = about.remedy;
    this.ids = about.ids;
  }
}
