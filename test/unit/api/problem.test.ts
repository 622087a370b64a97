import { describe, expect, it } from "vitest";
import { problemOf, REQUEST_ERROR_CODES, toProblem } from "../../../src/api/problem.ts";
import { ERROR_CODES, HookwaveError } from "../../../src/core/errors.ts";

const complaint = { expected: "this", got: "that", remedy: "do so" };

describe("problemOf", () => {
  it("says of a coded error its status, code, and what was expected, what came, what to do", () => {
    expect(problemOf(new HookwaveError("EVENT_INVALID", complaint))).toEqual({
      type: "about:blank",
      title: "Unprocessable Entity",
      status: 422,
      code: "EVENT_INVALID",
      detail: "expected this, got that; do so",
      ...complaint,
    });
  });

  it.each([
    ["EVENT_TOO_LARGE", 413],
    ["REDIS_UNAVAILABLE", 503],
    ["CLOSED", 503],
  ] as const)("answers %s with %i", (code, status) => {
    expect(problemOf(new HookwaveError(code, complaint))?.status).toBe(status);
  });

  it("says what is wrong one by one, with a pointer to each field", () => {
    const problems = [
      { field: "url", problem: "expected https:, got ftp:" },
      { field: "rate_limit/count", problem: "too many" },
    ];
    expect(problemOf(new HookwaveError("ENDPOINT_INVALID", complaint, { problems }))).toMatchObject({
      status: 422,
      detail: "expected this, got that; do so",
      errors: [
        { code: "ENDPOINT_INVALID", pointer: "#/url", detail: "expected https:, got ftp:" },
        { pointer: "#/rate_limit/count" },
      ],
    });
  });

  it("has nothing to say of what is our own failure, whoever threw it", () => {
    expect(problemOf(new HookwaveError("SECRET_UNREADABLE", complaint))).toBeNull();
    expect(problemOf(new Error("a bug"))).toBeNull();
    expect(problemOf(Object.assign(new Error("a bug"), { statusCode: 500 }))).toBeNull();
    expect(problemOf("not even an error")).toBeNull();
  });
});

describe("the codes of requests", () => {
  it("are not those of core, so that every code means one thing", () => {
    const shared = Object.keys(REQUEST_ERROR_CODES).filter((code) => Object.hasOwn(ERROR_CODES, code));

    expect(shared).toEqual([]);
  });

  it("have a title each, the phrase of their status (RFC 9457, section 4.2.1)", () => {
    expect(toProblem("METHOD_NOT_ALLOWED", complaint)).toMatchObject({
      status: 405,
      title: "Method Not Allowed",
    });
    expect(toProblem("MEDIA_TYPE_UNSUPPORTED", complaint)).toMatchObject({
      status: 415,
      title: "Unsupported Media Type",
    });
  });
});
