/** Whatever a producer hands to the SDK arrives as it is, or is refused: nothing is left out or replaced in silence. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HookwaveError } from "../../../src/core/errors.ts";
import { EVENT_DATA_MAX_BYTES } from "../../../src/core/event.ts";
import { checkEvent } from "../../../src/publish/check-event.ts";
import { casesOf } from "../../support/depth.ts";

/** What TypeScript would not let through. */
const check = (event: unknown) => Reflect.apply(checkEvent, undefined, [event]);

function refusalOf(event: unknown): HookwaveError {
  try {
    check(event);
  } catch (error) {
    if (error instanceof HookwaveError) return error;
    throw error;
  }
  throw new Error("expected a refusal, got an event");
}

/** Equal in all that JSON has words for; written anew, so that nothing is left out here, too. -0 is 0. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || one === null) return one === other;
  if (typeof other !== "object" || other === null || Array.isArray(one) !== Array.isArray(other))
    return false;
  if (Array.isArray(one) && one.length !== Object.keys(other).length) return false;
  const members = Object.entries(one).filter(([, value]) => value !== undefined);
  return (
    members.length === Object.keys(other).length &&
    ["Object", "Array"].some((kind) => Object.prototype.toString.call(one) === `[object ${kind}]`) &&
    members.every(([name, value]) => isSame(value, Reflect.get(other, name)))
  );
}

const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const deep = (levels: number): unknown => JSON.parse(nested(levels));
const circle: unknown[] = [];
circle.push(circle);

describe("an event of a producer without types", () => {
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "job.completed"],
    ["nothing in it", {}],
    ["no data", { type: "a" }],
    ["a type that is no text", { type: ["a"], data: 1 }],
    ["a type that claims a length", { type: { length: 1 }, data: 1 }],
    ["an id that is no text", { type: "a", data: 1, id: 7 }],
    ["a time that is no text", { type: "a", data: 1, timestamp: new Date(0) }],
    ["an end that is no text", { type: "a", data: 1, expiresAt: 7 }],
    ["a text that is none", { type: "a", dataText: 7 }],
    ["two kinds of data", { type: "a", dataText: "1", data: 1 }],
    ["a text for the bus that is none", { type: "a", data: 1, legacyText: {} }],
  ])("is refused by name: %s", (_what, event) => {
    expect(refusalOf(event)).toMatchObject({
      code: "EVENT_INVALID",
      message: expect.stringMatching(/^expected .+, got .+; /),
    });
  });
});

describe("data", () => {
  it.each([
    ["NaN", Number.NaN, "NaN"],
    ["infinity", { a: [Number.NEGATIVE_INFINITY] }, "-Infinity at /a/0"],
    ["a big integer", { a: 1n }, "a bigint at /a"],
    ["a function", { a: () => 1 }, "a function at /a"],
    ["a symbol", [Symbol("s")], "a symbol at /0"],
    ["undefined in a list", [undefined], "undefined at /0"],
    ["a hole in a list", Array(2), "undefined at /0"],
    ["a Map", { a: new Map([[1, 2]]) }, "a Map at /a"],
    ["an Error", new Error("x"), "a Error"],
    ["bytes", { a: new Uint8Array(2) }, "a Uint8Array at /a"],
    ["a boxed number", Object(1), "a Number"],
    ["a Date that is none", { at: new Date(Number.NaN) }, "a Date that is none at /at"],
    ["a circle", { circle }, "more levels than are taken, or a circle"],
  ])("that JSON text cannot hold is refused with its place: %s", (_what, data, got) => {
    const { code, got: said } = refusalOf({ type: "a", data });
    expect(code).toBe("EVENT_INVALID");
    expect(said).toContain(got);
  });

  it("leaves out what is undefined, and takes an object at its word that says how it is written", () => {
    const data = { at: new Date(0), none: undefined };
    expect(check({ type: "a", data }).checkedText).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it("is checked as it will be sent, not as the object looks", () => {
    const data = { job_id: "j", video_id: "v", toJSON: () => ({}) };
    expect(refusalOf({ type: "job.completed", data }).code).toBe("EVENT_INVALID");
  });

  it.each([
    ["as a value", (levels: number) => ({ type: "a", data: deep(levels) })],
    ["as text", (levels: number) => ({ type: "a", dataText: nested(levels) })],
    ["for the bus, as a value", (levels: number) => ({ type: "a", data: 1, legacyData: deep(levels) })],
    ["for the bus, as text", (levels: number) => ({ type: "a", data: 1, legacyText: nested(levels) })],
  ])("has 63 levels at most: %s", (_how, event) => {
    expect(() => check(event(63))).not.toThrow();
    for (const levels of [64, 10_000]) expect(refusalOf(event(levels)).code).toBe("EVENT_INVALID");
  });

  it("has its limit in bytes, not in characters, and is measured before it is read", () => {
    const text = (bytes: number): string => `"${"é".repeat((bytes - 2) / 2)}"`;
    expect(() => check({ type: "a", dataText: text(EVENT_DATA_MAX_BYTES) })).not.toThrow();
    expect(refusalOf({ type: "a", dataText: text(EVENT_DATA_MAX_BYTES + 2) }).code).toBe("EVENT_TOO_LARGE");
    expect(refusalOf({ type: "a", dataText: "[".repeat(EVENT_DATA_MAX_BYTES + 1) }).code).toBe(
      "EVENT_TOO_LARGE",
    );
  });

  const CASES = { numRuns: casesOf(10_000) };
  /** Any text that JavaScript can hold, halves of surrogate pairs among them. */
  const anyText = fc
    .array(fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)))
    .map((units) => units.join(""));
  const texts = fc.oneof(
    anyText,
    fc.string({ unit: "binary" }),
    anyText.map((text) => `"${text}"`),
    anyText.map((text) => JSON.stringify(text)),
  );

  it("that is any text arrives as exactly its bytes, or is refused", () => {
    const arrives = fc.property(texts, fc.constantFrom("data", "legacy"), (text, member) => {
      const event =
        member === "data" ? { type: "a", dataText: text } : { type: "a", data: 1, legacyText: text };
      try {
        const { checkedText, legacyText = "" } = check(event);
        const kept = member === "data" ? checkedText : legacyText;
        expect(kept).toBe(text);
        expect(Buffer.from(kept, "utf8").toString("utf8")).toBe(text);
      } catch (error) {
        expect(error).toBeInstanceOf(HookwaveError);
      }
    });
    fc.assert(arrives, CASES);
  });

  it("that holds any text arrives with just that", () => {
    const arrives = fc.property(anyText, anyText, (name, value) => {
      const { checkedText } = check({ type: "a", data: { list: [{ [name]: value }] } });
      const sent = Buffer.from(checkedText, "utf8").toString("utf8");
      expect(Object.entries(JSON.parse(sent).list[0])).toEqual([[name, value]]);
    });
    fc.assert(arrives, CASES);
  });

  it("that is any value says all of it, or is refused", () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    const arrives = fc.property(anything, (data) => {
      try {
        const { checkedText } = check({ type: "a", data });
        expect(isSame(data, JSON.parse(checkedText))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(HookwaveError);
      }
    });
    fc.assert(arrives, CASES);
  });
});
