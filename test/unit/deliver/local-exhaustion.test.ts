import { describe, expect, it } from "vitest";
import { localExhaustion } from "../../../src/deliver/local-exhaustion.ts";

const failure = (code: string) => Object.assign(new Error("connect"), { code });

describe("a connection that fails", () => {
  it.each(["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EADDRNOTAVAIL", "EAI_MEMORY"])(
    "for %s is our own fault",
    (code) => {
      expect(localExhaustion(failure(code))).toMatchObject({ code: "RESOURCES_EXHAUSTED", got: code });
    },
  );

  it.each(["ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ENOTFOUND"])(
    "for %s may be the receiver's",
    (code) => expect(localExhaustion(failure(code))).toBeNull(),
  );

  it("is our own fault when it failed so for each of the host's addresses", () => {
    const both = new AggregateError([failure("EMFILE"), failure("EMFILE")]);
    expect(localExhaustion(Object.assign(both, { code: "EMFILE" }))).toMatchObject({ got: "EMFILE" });
  });

  it("is the receiver's when one of its addresses has refused", () => {
    const mixed = new AggregateError([failure("EADDRNOTAVAIL"), failure("ECONNREFUSED")]);
    expect(localExhaustion(Object.assign(mixed, { code: "EADDRNOTAVAIL" }))).toBeNull();
  });

  it("is nobody's known fault without a code", () => {
    expect(localExhaustion(new Error("timed out"))).toBeNull();
    expect(localExhaustion(undefined)).toBeNull();
    expect(localExhaustion(new AggregateError([]))).toBeNull();
  });
});
