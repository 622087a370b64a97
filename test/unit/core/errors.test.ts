import { describe, expect, it } from "vitest";
import { HookwaveError, summarise } from "../../../src/core/errors.ts";

describe("HookwaveError", () => {
  it("says what was expected, what came and what to do", () => {
    const cause = new Error("below");
    const complaint = { expected: "a URL", got: "nothing", remedy: "set url" };
    const error = new HookwaveError("ENDPOINT_INVALID", complaint, { cause });
    expect(error.message).toBe("expected a URL, got nothing; set url");
    expect(error).toMatchObject({ name: "HookwaveError", code: "ENDPOINT_INVALID", ...complaint, cause });
  });
});

describe("summarise", () => {
  it("leaves out what a driver hangs on its errors: the command and the payload in it (trap 14)", () => {
    const error = Object.assign(new Error("READONLY"), {
      code: "EREPLY",
      command: { name: "hset", args: ["payload with a secret"] },
    });
    expect(summarise(error)).toEqual({ name: "Error", message: "READONLY", code: "EREPLY" });
  });

  it("cuts the message at 500 characters", () => {
    expect(summarise(new Error("x".repeat(28_000))).message).toHaveLength(500);
  });

  it("repeats nothing of a thrown value that is no Error", () => {
    expect(summarise("secret")).toEqual({ name: "string", message: "a value that is no Error", code: null });
  });
});
