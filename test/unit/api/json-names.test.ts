import { describe, expect, it } from "vitest";
import { inJson, isoOf } from "../../../src/api/json-names.ts";

describe("members in JSON", () => {
  it("have the same values under names with underscores", () => {
    const shown = inJson({ id: "a", startedAt: null, p50Ms: 1.5, givenUpBecause: ["gone"] });
    expect(shown).toEqual({ id: "a", started_at: null, p50_ms: 1.5, given_up_because: ["gone"] });
    expect([shown.started_at, shown.p50_ms, shown.given_up_because]).toEqual([null, 1.5, ["gone"]]);
  });

  it("keep their order, which answers that are written by hand show", () => {
    expect(JSON.stringify(inJson({ eventId: 1, eventType: 2, id: 3 }))).toBe(
      '{"event_id":1,"event_type":2,"id":3}',
    );
  });

  it("keep the names of what is inside them, such as headers", () => {
    expect(inJson({ ownHeaders: { "X-Trace": "1" } })).toEqual({ own_headers: { "X-Trace": "1" } });
  });
});

describe("a time in JSON", () => {
  it("is ISO 8601, also the first moment of all, and nothing where there is none", () => {
    expect([0, 1_700_000_000_123, null, undefined].map(isoOf)).toEqual([
      "1970-01-01T00:00:00.000Z",
      "2023-11-14T22:13:20.123Z",
      null,
      undefined,
    ]);
  });
});
