import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementTexts, isJsonText, memberTexts } from "../../../src/core/json-text.ts";
import { casesOf } from "../../support/depth.ts";

const RUNS = { seed: 34, numRuns: casesOf(500) };

const space = fc.stringMatching(/^[ \t\n\r]{0,3}$/);
const number = fc.constantFrom("0", "-0", "1.0", "-12.5E-3", "1e400", "12345678901234567890", "0.1000");
const escapeAll = (text: string) =>
  `"${text.replaceAll(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
const string = fc
  .oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^["\\{}[\],:/ ]{0,8}$/))
  .chain((text) => fc.constantFrom(JSON.stringify(text), escapeAll(text)));
const key = fc.oneof(fc.constantFrom('"a"', '"\\u0061"', '"2"', '"1"', '"__proto__"', '"a\\"b\\\\"'), string);

const around = (value: fc.Arbitrary<string>) => fc.tuple(space, value, space).map((parts) => parts.join(""));
const list = (items: fc.Arbitrary<string>, open: string, close: string) =>
  fc
    .tuple(fc.array(items, { maxLength: 4 }), space)
    .map(([all, gap]) => `${open}${all.join(",") || gap}${close}`);

/** JSON texts as no serialiser would write them, but every parser reads them. */
const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("true", "false", "null"),
    number,
    string,
    tie("array"),
    tie("object"),
  ),
  array: list(around(tie("value")), "[", "]"),
  object: list(
    fc.tuple(around(key), around(tie("value"))).map((member) => member.join(":")),
    "{",
    "}",
  ),
}));

describe("elementTexts", () => {
  it("cuts out each element exactly as it stands, however the array is written", () => {
    const cut = fc.property(fc.array(fc.tuple(space, value, space)), space, (elements, gap) => {
      const texts = elements.map(([, text]) => text);
      const inside = elements.map((parts) => parts.join("")).join(",");
      expect(elementTexts(`${gap}[${inside || gap}]${gap}`)).toEqual(texts);
    });
    fc.assert(cut, RUNS);
  });

  it("gives back a compact array when its elements are joined again", () => {
    const joined = fc.property(fc.array(fc.jsonValue()), (array) => {
      const source = JSON.stringify(array);
      expect(`[${elementTexts(source).join(",")}]`).toBe(source);
    });
    fc.assert(joined, RUNS);
  });

  it("cuts a pretty-printed array into texts that parse to its elements", () => {
    const parsed = fc.property(fc.array(fc.jsonValue()), fc.constantFrom(1, 4, "\t"), (array, indent) => {
      const source = JSON.stringify(array, null, indent);
      expect(elementTexts(source).map((text) => JSON.parse(text))).toEqual(JSON.parse(source));
    });
    fc.assert(parsed, RUNS);
  });
});

describe("memberTexts", () => {
  it("cuts out each member exactly as it stands; of duplicate keys the last, as JSON.parse has it", () => {
    const member = fc.tuple(space, key, space, space, value, space);
    const cut = fc.property(fc.array(member, { maxLength: 6 }), space, (members, gap) => {
      const inside = members.map(([a, name, b, c, text, d]) => `${a}${name}${b}:${c}${text}${d}`).join(",");
      const expected = new Map(members.map(([, name, , , text]) => [String(JSON.parse(name)), text]));
      expect(memberTexts(`${gap}{${inside || gap}}${gap}`)).toEqual(expected);
    });
    fc.assert(cut, RUNS);
  });

  it("gives back a compact object when its members are joined again", () => {
    const joined = fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (object) => {
      const source = JSON.stringify(object);
      const members = [...memberTexts(source)].map(([name, text]) => `${JSON.stringify(name)}:${text}`);
      expect(`{${members.join(",")}}`).toBe(source);
    });
    fc.assert(joined, RUNS);
  });

  it("keeps what JSON.parse would lose: big integers, 1.0, duplicate keys and the order of keys", () => {
    const data = '{ "b":12345678901234567890, "b":1.0, "2":0, "1":"\\u00e9\\/" }';
    const members = memberTexts(`{"2":${data},"10":1.0,"1":12345678901234567890}`);
    expect([...members]).toEqual([
      ["2", data],
      ["10", "1.0"],
      ["1", "12345678901234567890"],
    ]);
  });

  it("looks at the top level only", () => {
    expect([...memberTexts('{"a":{"b":"}"},"c":["]",{"d":"\\""}]}').keys()]).toEqual(["a", "c"]);
  });
});

describe("isJsonText", () => {
  it.each(["{}", "null", " [1, 2]\n", '"text"', "1e400"])("takes %j", (text) => {
    expect(isJsonText(text)).toBe(true);
  });

  it.each(["", "{", "{'a':1}", "[1,]", "undefined", "NaN", "01", "{} {}", "\uFEFF{}"])(
    "refuses %j",
    (text) => {
      expect(isJsonText(text)).toBe(false);
    },
  );
});
