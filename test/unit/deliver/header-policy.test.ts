import { describe, expect, it } from "vitest";
import { checkHeaders, mergeHeaders } from "../../../src/deliver/header-policy.ts";

describe("checkHeaders", () => {
  it("has no objection to ordinary headers", () => {
    const headers = {
      Authorization: "Bearer abc",
      "X-Tenant": "acme\tß",
      "user-agent": "acme/1",
      "X-Empty": "",
    };
    expect(checkHeaders(headers)).toEqual([]);
    expect(checkHeaders({})).toEqual([]);
  });

  it.each([
    "Host",
    "connection",
    "TE",
    "Transfer-Encoding",
    "upgrade",
    "Expect",
    "cookie",
    "keep-alive",
    "trailer",
    "Forwarded",
    "webhook-id",
    "Webhook-Signature",
    "content-length",
    "Content-Type",
    "signature",
    "Signature-Input",
    "proxy-authorization",
    "X-Forwarded-For",
    ":authority",
    "constructor",
    "hasOwnProperty",
  ])("refuses %s", (name) => {
    expect(checkHeaders({ [name]: "x" })).toHaveLength(1);
  });

  it("refuses __proto__ as it comes out of JSON", () => {
    const headers: Record<string, string> = JSON.parse('{"__proto__": "x"}');
    expect(checkHeaders(headers)).toEqual(['"__proto__" is reserved']);
  });

  it.each(["", "a b", "a:b", "a\r\nb", "ä", "a\0", "x".repeat(129)])("refuses the name %j", (name) => {
    expect(checkHeaders({ [name]: "x" })).toHaveLength(1);
  });

  it.each(["a\r\nX-Evil: 1", "a\n", "a\rb", "a\0b", "\x7f", "\x1b[0m", "日本"])(
    "refuses the value %j",
    (value) => {
      expect(checkHeaders({ "x-a": value })).toHaveLength(1);
    },
  );

  it("accepts values of 4,096 characters and none longer", () => {
    expect(checkHeaders({ "x-a": "v".repeat(4_096) })).toEqual([]);
    expect(checkHeaders({ "x-a": "v".repeat(4_097) })).toHaveLength(1);
  });

  it("accepts 20 headers and no more", () => {
    const headers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "v"]));
    expect(checkHeaders(headers(20))).toEqual([]);
    expect(checkHeaders(headers(21))).toHaveLength(1);
  });

  it("refuses one header given twice in different case", () => {
    expect(checkHeaders({ "X-A": "1", "x-a": "2" })).toHaveLength(1);
  });

  it("reports every problem, and never repeats a value", () => {
    const problems = checkHeaders({ host: "x", "x-token": "secret\n" });
    expect(problems).toHaveLength(2);
    expect(problems.join(" ")).not.toContain("secret");
  });
});

describe("mergeHeaders", () => {
  const ours = { "User-Agent": "Hookwave/1", "X-Hokusai-Signature": "sha256=00", "webhook-id": "evt_1" };

  it("adds the endpoint's own", () => {
    expect(mergeHeaders(ours, { Authorization: "Bearer x" })).toEqual({ ...ours, Authorization: "Bearer x" });
  });

  it("never sends two lines of one header: ours win in any case of their letters", () => {
    expect(mergeHeaders(ours, { "x-hokusai-signature": "forged", "WEBHOOK-ID": "other" })).toEqual(ours);
  });

  it("lets an endpoint say who the sender is", () => {
    const merged = mergeHeaders(ours, { "user-agent": "acme/2" });
    expect(merged).toMatchObject({ "user-agent": "acme/2" });
    expect(merged).not.toHaveProperty("User-Agent");
  });
});
