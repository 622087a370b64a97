import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Refusal } from "../../../src/api/problem.ts";
import { readBoundedJson, readJson, VALUES_MAX } from "../../../src/api/read-json.ts";

function refusalOf(body: string | Buffer): Refusal {
  try {
    readJson(Buffer.from(body), "an object");
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("expected a refusal, got a value");
}

describe("a body that is no JSON", () => {
  it.each([
    ['{"secret":"a",\n}', "(line 2 column 1)"],
    ["{'secret':'a'}", "(line 1 column 2)"],
    ['{"secret":"a" "b":1}', "(line 1 column 15)"],
    ['{"secret":"a', "(line 1 column 13)"],
    ['{"secret":', "text that ends too early"],
    ['{"secret":a}', "text that is none"],
  ])("is told where, as far as the parser knows: %j", (text, place) => {
    expect(refusalOf(text).problem.got).toContain(place);
  });

  it.each([
    '{"secret":hunter2}',
    "{'secret':'hunter2'}",
    '{"secret":"hunter2',
    '{"secret":"hunter2" hunter2}',
    '{"secret":"\\hunter2"}',
    "hunter2",
  ])("is repeated nowhere in the answer: %s", (text) => {
    const { message, problem } = refusalOf(text);
    expect(problem.code).toBe("REQUEST_INVALID");
    expect(message + JSON.stringify(problem)).not.toMatch(/hunt/);
  });
});

describe("a body that is no event", () => {
  const wide = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, nth) => [`name ${nth}`, nth]));
  const read = (value: unknown) => () => readBoundedJson(Buffer.from(JSON.stringify(value)), "an object");

  it.each<readonly [string, (count: number) => unknown]>([
    ["members", wide],
    ["members of a member", (count) => ({ metadata: wide(count - 1) })],
    ["elements", (count) => Array(count).fill("!")],
    ["both, in several places", (count) => [wide(count / 2 - 1), Array(count / 2 - 1).fill([])]],
  ])("has so many %s in all, and is refused with more", (_what, made) => {
    expect(read(made(VALUES_MAX))).not.toThrow();
    expect(read(made(VALUES_MAX + 2))).toThrow(Refusal);
  });
});

describe("bytes that are no UTF-8", () => {
  const text = '{"type":"a","data":1}';
  const utf16 = Buffer.from(text, "utf16le");
  const utf32 = Buffer.from([...text].flatMap((char) => [char.charCodeAt(0), 0, 0, 0]));

  it.each<readonly [string, Buffer]>([
    ["a byte order mark", Buffer.from(`\ufeff${text}`)],
    ["UTF-16", utf16],
    ["UTF-16", Buffer.from(utf16).swap16()],
    ["UTF-16", Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
    ["UTF-16", Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()])],
    ["UTF-32", utf32],
    ["UTF-32", Buffer.from(utf32).swap32()],
    ["UTF-32", Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), utf32])],
    ["gzip", gzipSync(text)],
    ["not UTF-8", Buffer.from('{"a":"\xff"}', "latin1")],
  ])("are called by their name: %s", (name, bytes) => {
    const { problem } = refusalOf(bytes);
    expect(problem.code).toBe("REQUEST_INVALID");
    expect(problem.got).toContain(name);
  });
});
