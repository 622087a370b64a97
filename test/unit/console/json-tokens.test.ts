import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indented, type Token, tokensOf } from "../../../src/console/json-tokens.ts";

const textOf = (tokens: readonly Token[]): string => tokens.map(({ text }) => text).join("");
const kindsOf = (text: string) =>
  tokensOf(text)
    .filter(({ kind }) => kind !== "space")
    .map(({ kind, text: of }) => `${kind} ${of}`);
const withoutSpace = (text: string): string => textOf(tokensOf(text).filter(({ kind }) => kind !== "space"));

describe("the tokens of JSON text", () => {
  it("are the text again, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(textOf(tokensOf(text))).toBe(text);
      }),
    );
  });

  it("are nothing but JSON's where the text is JSON", () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 4 }), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(tokensOf(spaced).filter(({ kind }) => kind === "other")).toEqual([]);
      }),
    );
  });

  it("tell names from strings, and keep what a parser would change", () => {
    expect(kindsOf('{"a" : 12345678901234567890, "b":1.0,"a":"x\\"y","c":[true,null]}')).toEqual([
      "mark {",
      'name "a"',
      "mark :",
      "number 12345678901234567890",
      "mark ,",
      'name "b"',
      "mark :",
      "number 1.0",
      "mark ,",
      'name "a"',
      "mark :",
      'string "x\\"y"',
      "mark ,",
      'name "c"',
      "mark :",
      "mark [",
      "word true",
      "mark ,",
      "word null",
      "mark ]",
      "mark }",
    ]);
  });
});

describe("indenting", () => {
  it("is what JSON.stringify writes, where that loses nothing", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const value: unknown = JSON.parse(text);
        expect(textOf(indented(tokensOf(JSON.stringify(value))))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it("changes nothing but white space, whatever the text is", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[],:"\\ \n1-.eE+truefalsn') }), (text) => {
        expect(withoutSpace(textOf(indented(tokensOf(text))))).toBe(withoutSpace(text));
      }),
    );
  });
});
