import { describe, expect, it } from "vitest";
import { standard } from "../../../../src/wire/profiles/standard.ts";
import { anEvent, aSigning } from "../samples.ts";

describe("the standard profile", () => {
  it("wraps the data in type and timestamp", () => {
    const event = anEvent({ type: "job.completed", timestamp: "2025-03-04T05:06:07.5+01:00", data: "[1]" });
    expect(standard.body(event)).toBe(
      '{"type":"job.completed","timestamp":"2025-03-04T05:06:07.5+01:00","data":[1]}',
    );
  });

  it("leaves every byte of the data as the producer wrote it", () => {
    const data = '{ "b": 12345678901234567890, "a":1.0,\n"a": "\\u00e9\\/é", "2":0, "1":-0 }';
    expect(standard.body(anEvent({ data }))).toBe(
      `{"type":"model.registered","timestamp":"2025-03-04T05:06:07Z","data":${data}}`,
    );
  });

  it("has no headers of its own", () => {
    expect(standard.headers(anEvent(), "{}", aSigning())).toEqual({});
  });
});
