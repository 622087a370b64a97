import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTraceContext, readTraceText, traceText } from "../../../src/core/trace-context.ts";

const IDS = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
const PARENT = `00-${IDS}-01`;
const stateOf = (text: unknown) => readTraceContext(PARENT, text)?.tracestate;
const member = (n: number, length: number) => `k${n}=${"v".repeat(length - `k${n}=`.length)}`;

describe("a traceparent", () => {
  it.each([
    [PARENT, PARENT],
    [`00-${IDS}-00`, `00-${IDS}-00`],
    [`\t${PARENT} `, PARENT],
    ["a later version, of which only the first bit of the flags is known", `cc-${IDS}-01`, PARENT],
    ["the same with more behind it", `01-${IDS}-ff-what-the-future-will-be-like`, PARENT],
    ["the same, not sampled", `01-${IDS}-02`, `00-${IDS}-00`],
  ])("is kept: %s", (...words) => {
    const [read, given = read] = [words.at(-1), words.at(-2)];
    expect(readTraceContext(given)).toEqual({ traceparent: read });
  });

  it.each([
    undefined,
    null,
    7,
    {},
    [PARENT],
    "",
    "garbage",
    `ff-${IDS}-01`,
    `00-${IDS}-01-more`,
    `01-${IDS}-01.more`,
    `00-${IDS}-1`,
    `00-${IDS.toUpperCase()}-01`,
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    `${PARENT}, ${PARENT}`,
    `${PARENT}\r\nx-evil: 1`,
    PARENT.repeat(10_000),
  ])("that is none begins a new trace, whatever state comes with it: %j", (given) => {
    expect(readTraceContext(given, "acme=1")).toBeUndefined();
  });
});

describe("a tracestate", () => {
  it.each([
    ["acme=1", "acme=1"],
    ["acme=1 , ,\tother@vendor=a b", "acme=1,other@vendor=a b"],
    ["1a-2b*/3=x", "1a-2b*/3=x"],
  ])("is kept: %j", (given, kept) => {
    expect(stateOf(given)).toBe(kept);
  });

  it.each([
    undefined,
    7,
    "",
    ",",
    "acme",
    "=1",
    "ACME=1",
    "acme=a=b",
    "acme=",
    "acme=1\r\nx-evil: 1",
    "acme=é",
    "acme=1,acme=2",
    Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(","),
    "a".repeat(1_000_000),
  ])("that is none is left out, and the rest kept: %j", (given) => {
    expect(readTraceContext(PARENT, given)).toEqual({ traceparent: PARENT });
  });

  it("is cut to 512 characters by whole members: the long ones first, then those at the end", () => {
    expect(stateOf([member(1, 200), member(2, 128), member(3, 256)].join(","))).toBe(member(2, 128));
    const many = Array.from({ length: 8 }, (_, n) => member(n, 100));
    expect(stateOf(many.join(","))).toBe(many.slice(0, 5).join(","));
    expect(stateOf(member(1, 600))).toBeUndefined();
  });

  it("is never longer than what everybody passes on", () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/);
    const pair = fc.tuple(key, fc.string({ minLength: 1, maxLength: 300 })).map((both) => both.join("="));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 40 }), (pairs) => {
        const state = stateOf(pairs.join(",")) ?? "";
        expect(state.length).toBeLessThanOrEqual(512);
        expect(state).not.toMatch(/[\r\n\0]/);
      }),
    );
  });
});

it("comes back from one text as it went in", () => {
  for (const trace of [{ traceparent: PARENT }, { traceparent: PARENT, tracestate: "a=1,b=x y" }])
    expect(readTraceText(traceText(trace))).toEqual(trace);
  expect(traceText({})).toBe("");
  for (const none of [null, undefined, "", "nonsense"]) expect(readTraceText(none)).toBeUndefined();
});
