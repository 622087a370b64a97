/**
 * Every refusal of the API as a problem document (RFC 9457) with a stable `code`, and a `detail` that says what was
 * expected, what came and what to do. Of a failure of our own it says only that there was one: the log has the rest.
 */
import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { z } from "zod";
import { type Complaint, type ErrorCode, HookwaveError } from "../core/errors.ts";

/** Codes that only an HTTP request can earn; docs/errors.md documents them with those of core/errors.ts. */
export const REQUEST_ERROR_CODES = {
  REQUEST_INVALID: "The request's path, query, headers or body cannot be read.",
  UNAUTHENTICATED: "The request brings no API key, or one that is not valid.",
  FORBIDDEN: "The API key has no role that may do this, or the API may not be reached this way.",
  RATE_LIMITED: "Too many requests; Retry-After says when to go on.",
  ROUTE_UNKNOWN: "There is nothing at this path.",
  METHOD_NOT_ALLOWED: "This path does not know the method; the Allow header names those it knows.",
  BODY_TOO_LARGE: "The request's body is larger than the limit, or has too many events.",
  MEDIA_TYPE_UNSUPPORTED: "The body's Content-Type is not one the API reads.",
  INTERNAL: "The service failed; its log says why.",
} as const;

type AnyCode = ErrorCode | keyof typeof REQUEST_ERROR_CODES;

const STATUS = {
  REQUEST_INVALID: 400,
  CURSOR_INVALID: 400,
  UNAUTHENTICATED: 401,
  CALLBACK_REFUSED: 401,
  FORBIDDEN: 403,
  ROUTE_UNKNOWN: 404,
  ENDPOINT_UNKNOWN: 404,
  EVENT_UNKNOWN: 404,
  DELIVERY_UNKNOWN: 404,
  DEAD_LETTER_UNKNOWN: 404,
  REPLAY_UNKNOWN: 404,
  KEY_UNKNOWN: 404,
  SOURCE_UNKNOWN: 404,
  CALLBACK_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  ENDPOINT_CONFLICT: 409,
  SOURCE_CONFLICT: 409,
  EVENT_CONFLICT: 409,
  TEST_RUNNING: 409,
  DELIVERY_SETTLED: 409,
  REPLAY_INVALID: 409,
  MIGRATION_REFUSED: 409,
  PURGE_UNCONFIRMED: 409,
  BODY_TOO_LARGE: 413,
  EVENT_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  EVENT_INVALID: 422,
  ENDPOINT_INVALID: 422,
  SOURCE_INVALID: 422,
  CONFIG_INVALID: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  ENCRYPTION_KEY_MISMATCH: 503,
  RESOURCES_EXHAUSTED: 503,
  RESOLVER_UNAVAILABLE: 503,
  PROXY_UNAVAILABLE: 503,
  CLOSED: 503,
  DURABILITY_UNMET: 503,
  BUS_UNAVAILABLE: 503,
  REDIS_UNAVAILABLE: 503,
} as const satisfies Partial<Record<AnyCode, number>>;

type ProblemCode = keyof typeof STATUS;

/** One of several things that are wrong with a request. */
export interface Flaw {
  readonly code: ProblemCode;
  /** A JSON pointer into the body, as a URI fragment (RFC 6901, section 6); or what else of the request it is. */
  readonly pointer: string;
  readonly detail: string;
}

/** Complaint: the detail's three parts one by one (RFC 9457, section 3.2), for whoever says it in other words. */
export interface Problem extends Complaint {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly Flaw[];
}

/** As a client reads it: of a service that is newer, which may know more codes. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  code: z.string().describe("Stable; docs/errors.md lists them."),
  detail: z.string().describe("What was expected, what came and what to do, in one sentence."),
  expected: z.string(),
  got: z.string(),
  remedy: z.string(),
  request_id: z.string().optional().describe("As in the answer's X-Request-ID, and in the service's log."),
  errors: z
    .array(z.object({ code: z.string(), pointer: z.string(), detail: z.string() }))
    .optional()
    .describe("Every bad field, where that is known."),
});

export const BODY_MAX_BYTES = 1_024 * 1_024;
const RETRY_AFTER_SECONDS = 1;
const FLAWS_SHOWN_MAX = 100;
const DETAIL_MAX_CHARS = 300;

/** Of the flaws it shows so many, and so much of each. */
export function toProblem(code: ProblemCode, complaint: Complaint, flaws: readonly Flaw[] = []): Problem {
  const { expected, got, remedy } = complaint;
  const status = STATUS[code];
  const detail = `expected ${expected}, got ${got}; ${remedy}`;
  const errors = flaws.slice(0, FLAWS_SHOWN_MAX).map((one) => ({ ...one, detail: shortened(one.detail) }));
  return {
    type: "about:blank",
    title: STATUS_CODES[status] ?? "",
    status,
    code,
    detail,
    expected,
    got,
    remedy,
    ...(errors.length > 0 && { errors }),
  };
}

const shortened = (detail: string): string => detail.slice(0, DETAIL_MAX_CHARS);

/** Their number, and the first of them. */
export function flawsInWords(flaws: readonly Flaw[]): string {
  const first = flaws[0] ?? { pointer: "", detail: "" };
  return `${flaws.length} flaw${flaws.length === 1 ? "" : "s"}, first at ${first.pointer}: ${shortened(first.detail)}`;
}

/** Thrown while a request is being read; the server answers with its problem. */
export class Refusal extends Error {
  readonly problem: Problem;

  constructor(code: ProblemCode, complaint: Complaint, flaws: readonly Flaw[] = []) {
    const problem = toProblem(code, complaint, flaws);
    super(problem.detail);
    this.name = "Refusal";
    this.problem = problem;
  }
}

/** The answer to what was thrown; null for a failure of our own. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof Refusal) return error.problem;
  if (error instanceof HookwaveError) return isProblemCode(error.code) ? ownProblem(error.code, error) : null;
  if (hasZodFastifySchemaValidationErrors(error)) return invalidRequest(error);
  return fastifyProblem(error);
}

/** With what is wrong one by one: what was asked for in JSON is refused under the names that it has there. */
function ownProblem(code: ProblemCode, error: HookwaveError): Problem {
  const flaws = error.problems.map(({ field, problem }) => ({
    code,
    pointer: `#/${field}`,
    detail: problem,
  }));
  return toProblem(code, error, flaws);
}

/** A lost connection throws an error without a code of ours. */
export const REDIS_AWAY: Complaint = {
  expected: "an answer from Redis",
  got: "none",
  remedy: "check that Redis runs and REDIS_URL is right, then ask again",
};
export const REDIS_PROBLEMS = {
  unanswered: toProblem("REDIS_UNAVAILABLE", REDIS_AWAY),
  refused: toProblem("REDIS_UNAVAILABLE", {
    expected: "Redis to do what it was asked",
    got: "a refusal",
    remedy: "see in its log whether it is read-only, out of memory, loading or cannot save, then ask again",
  }),
} as const;

export const INTERNAL_PROBLEM = toProblem("INTERNAL", {
  expected: "to serve this request",
  got: "a failure of the service",
  remedy: "try again; if it stays, its log at this time says why",
});

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.code === "UNAUTHENTICATED") reply.header("www-authenticate", "Bearer");
  if (problem.status === STATUS.REDIS_UNAVAILABLE) reply.header("retry-after", RETRY_AFTER_SECONDS);
  return reply
    .code(problem.status)
    .type("application/problem+json")
    .send({ ...problem, request_id: reply.request.id });
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(STATUS, code);
}

interface Invalid {
  readonly validation: readonly { readonly instancePath: string; readonly message?: string | undefined }[];
  readonly validationContext?: string | undefined;
}

/** Every field that does not fit its schema, at once. */
function invalidRequest({ validation, validationContext = "body" }: Invalid): Problem {
  const flaws = validation.map(({ instancePath, message = "not as it should be" }) => ({
    code: "REQUEST_INVALID" as const,
    pointer: `${validationContext === "body" ? "#" : validationContext}${instancePath.replace(/\/$/, "")}`,
    detail: message,
  }));
  const complaint = {
    expected: "a request as the API describes it",
    got: flawsInWords(flaws),
    remedy: "correct them; /openapi.json describes every request",
  };
  return toProblem("REQUEST_INVALID", complaint, flaws);
}

/** Fastify refuses on its own account before a route is reached: sizes, media types, broken requests. */
function fastifyProblem(error: unknown): Problem | null {
  if (!(error instanceof Error && "statusCode" in error)) return null;
  switch (error.statusCode) {
    case STATUS.BODY_TOO_LARGE:
      return toProblem("BODY_TOO_LARGE", {
        expected: `a body of at most ${BODY_MAX_BYTES} bytes`,
        got: "a larger one",
        remedy: "publish in several requests",
      });
    case STATUS.MEDIA_TYPE_UNSUPPORTED:
      return toProblem("MEDIA_TYPE_UNSUPPORTED", {
        expected: "Content-Type: application/json",
        got: "another one, or none",
        remedy: "send JSON and say so",
      });
    case STATUS.REQUEST_INVALID:
      return toProblem("REQUEST_INVALID", {
        expected: "a request as RFC 9112 writes it",
        got: `one that cannot be read (${error.message.slice(0, 100)})`,
        remedy: "correct what sends it",
      });
    default:
      return null;
  }
}
