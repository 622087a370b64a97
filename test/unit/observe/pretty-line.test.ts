import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prettyLine } from "../../../src/observe/pretty-line.ts";
import { casesOf } from "../../support/depth.ts";
import { attemptFinished, refused } from "./happenings.ts";

const PLAIN = (_look: unknown, text: string): string => text;
const ABOUT = { level: "warn", time: "2026-01-31T12:00:01.042Z", pid: 7, hostname: "pod-1" };
const pretty = (fields: object): string => prettyLine(`${JSON.stringify({ ...ABOUT, ...fields })}\n`, PLAIN);

describe("a line for a person", () => {
  it("is the time, the level, what happened and its fields, without those of the process", () => {
    const fields = { endpointId: "ep_a", origin: null, state: "open", count: 3, isFirst: true };
    expect(pretty({ ...fields, msg: "breaker.changed" })).toBe(
      "12:00:01.042 warn  breaker.changed endpointId=ep_a state=open count=3 isFirst=true\n",
    );
  });

  it("quotes what is more than a word, and writes an error's parts one by one", () => {
    const error = { name: "Error", message: 'connect "it"', code: "ECONNREFUSED" };
    expect(pretty({ doing: "redis", error, msg: "redis.lost" })).toBe(
      '12:00:01.042 warn  redis.lost doing=redis error.name=Error error.message="connect \\"it\\"" error.code=ECONNREFUSED\n',
    );
  });

  it("has of an attempt what is looked at first", () => {
    const { record } = attemptFinished(refused);
    const line = pretty({ ...record, msg: "attempt.finished" });
    for (const field of ["eventId", "endpointId", "outcome", "durationMs", "attemptNumber"] as const)
      expect(line).toContain(` ${field}=${record[field]}`);
    expect(line).not.toMatch(/traceparent|bodyBytes|startedAt|attemptId/);
  });

  it("is as it came where it is none of ours", () => {
    expect(prettyLine("no JSON\n", PLAIN)).toBe("no JSON\n");
    expect(prettyLine("7\n", PLAIN)).toBe("7\n");
  });

  it("stays one line, and has nothing in it that a terminal would obey", () => {
    const text = fc.string({ unit: "binary" });
    const value = fc.oneof(text, fc.dictionary(text, text), fc.array(text));
    fc.assert(
      fc.property(fc.dictionary(text, value), text, (fields, msg) => {
        const line = pretty({ ...fields, ...ABOUT, msg });
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(line.endsWith("\n")).toBe(true);
        expect(stripVTControlCharacters(line)).toBe(line);
      }),
      { numRuns: casesOf(2_000) },
    );
  });
});
