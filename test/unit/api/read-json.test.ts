import { describe, expect, it } from "vitest";
import { Refusal } from "../../../src/api/problem.ts";
import { readJson } from "../../../src/api/read-json.ts";

function refusalOf(text: string): Refusal {
  try {
    readJson(Buffer.from(text), "an object");
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
