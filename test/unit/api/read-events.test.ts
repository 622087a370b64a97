import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Problem, Refusal } from "../../../src/api/problem.ts";
import { EVENTS_MAX, readEvents } from "../../../src/api/read-events.ts";
import { DEPTH_MAX } from "../../../src/api/read-json.ts";
import { EVENT_DATA_MAX_BYTES } from "../../../src/core/event.ts";

const read = (text: string, key?: string) => readEvents(Buffer.from(text), key);

function refusal(body: string | Buffer | undefined, key?: unknown): Problem {
  try {
    readEvents(typeof body === "string" ? Buffer.from(body) : body, key);
  } catch (error) {
    if (error instanceof Refusal) return error.problem;
    throw error;
  }
  throw new Error("expected a refusal, got events");
}

const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

describe("readEvents", () => {
  it("cuts data out as it stands: big integers, key order, duplicate keys, escapes, white space", () => {
    const dataText =
      '{"2":1.0, "1":12345678901234567890,\n "é":"\\u00e9\\/\\ud800", "a" : [ ], "a":null, "x":1e400}';

    expect(read(` { "data" : ${dataText} ,\t"type":"bytes.kept"} `)).toEqual({
      isList: false,
      events: [{ type: "bytes.kept", checkedText: dataText }],
    });
  });

  it.each([
    ["unknown members", (many: string) => `{"type":"a","data":1,${many}}`, "#"],
    ["members of legacy", (many: string) => `{"type":"a","data":1,"legacy":{${many}}}`, "#"],
    ["members of a destination", (many: string) => `{"type":"a","data":1,"destinations":[{${many}}]}`, "#"],
  ])("refuses too many %s without naming them, and data may have as many", (_what, event, pointer) => {
    const many = Array.from({ length: 2_000 }, (_, nth) => `"k${nth}":0`).join(",");
    expect(read(`{"type":"a","data":{${many}}}`).events).toHaveLength(1);
    const { errors } = refusal(event(many));
    expect(errors).toEqual([
      { code: "EVENT_INVALID", pointer, detail: expect.stringMatching(/^expected at most 50 members/) },
    ]);
  });

  it("refuses __proto__ beside its data, which would be lost, and keeps it in data", () => {
    expect(refusal('{"type":"a","data":1,"__proto__":{}}')).toMatchObject({ code: "EVENT_INVALID" });
    expect(read('{"type":"a","data":{"__proto__":1}}').events).toMatchObject([
      { checkedText: '{"__proto__":1}' },
    ]);
  });

  it("cuts out any JSON value, written in any way", () => {
    const keepsText = fc.property(fc.jsonValue(), fc.constantFrom(0, 3, "\t"), (value, indent) => {
      const dataText = JSON.stringify(value, null, indent);
      expect(read(`[{"type":"a","data":${dataText}}]`).events).toEqual([
        { type: "a", checkedText: dataText },
      ]);
    });
    fc.assert(keepsText, { seed: 34, numRuns: 300 });
  });

  it("takes the last of members written twice, as every JSON parser does", () => {
    const [event] = read('{"type":"a","data":1,"type":"b","data":2,"d\\u0061ta":3}').events;

    expect(event).toEqual({ type: "b", checkedText: "3" });
  });

  it("keeps the id and timestamp that came, and adds none", () => {
    const event = { type: "a", id: "evt_1", timestamp: "2026-01-31T12:00:00+01:00" };

    expect(read(JSON.stringify([{ ...event, data: {} }]))).toEqual({
      isList: true,
      events: [{ ...event, checkedText: "{}" }],
    });
  });

  it("cuts out what is for the legacy bus, as it stands", () => {
    const legacy = '{ "version" : 1e2, "big":12345678901234567890, "a":1,"a":2 }';

    expect(
      read(`{"type":"a","data":{"legacy":1},"legacy": {"data":0,"d\\u0061ta" : ${legacy}} }`).events,
    ).toEqual([{ type: "a", checkedText: '{"legacy":1}', legacyText: legacy }]);
  });

  it("cannot be made to touch a prototype", () => {
    const dataText = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

    expect(read(`{"type":"a","data":${dataText}}`).events).toEqual([{ type: "a", checkedText: dataText }]);
    expect(refusal('{"__proto__":{"type":"a","data":1}}').code).toBe("EVENT_INVALID");
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
});

describe("the Idempotency-Key", () => {
  it("becomes the id of an event without one, quoted (as its draft wants) or not", () => {
    expect(read('{"type":"a","data":1}', "key-1").events[0]?.id).toBe("key-1");
    expect(read('{"type":"a","data":1}', '"key-1"').events[0]?.id).toBe("key-1");
  });

  it("gives way to an id in the body", () => {
    expect(read('{"type":"a","data":1,"id":"evt_1"}', "key-1").events[0]?.id).toBe("evt_1");
  });

  it.each(["", "a.b", "a b", '"a', "a, b", "k".repeat(65)])(
    "is refused when it cannot be a webhook-id: %j",
    (key) => {
      expect(refusal('{"type":"a","data":1}', key)).toMatchObject({
        code: "REQUEST_INVALID",
        detail: expect.stringContaining("Idempotency-Key"),
      });
    },
  );

  it("is refused with a list, whose events it cannot tell apart", () => {
    expect(refusal('[{"type":"a","data":1}]', "key-1")).toMatchObject({ code: "REQUEST_INVALID" });
  });
});

describe("a body that is refused", () => {
  it("is one that is absent, empty, no JSON or no UTF-8", () => {
    for (const body of [undefined, "", "{", "nothing", "\uFEFF{}", Buffer.from([0x22, 0xc3, 0x28, 0x22])])
      expect(refusal(body)).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
  });

  it(`is one of more than ${DEPTH_MAX} levels, before anything recurses into it`, () => {
    const event = (levels: number): string => `{"type":"a","data":${nested(levels - 1)}}`;

    expect(read(event(DEPTH_MAX)).events).toHaveLength(1);
    expect(refusal(event(DEPTH_MAX + 1)).code).toBe("REQUEST_INVALID");
    expect(refusal(nested(500_000)).code).toBe("REQUEST_INVALID");
  });

  it("is a list of no event or of too many", () => {
    const list = (count: number): string => JSON.stringify(Array(count).fill({ type: "a", data: 1 }));

    expect(read(list(EVENTS_MAX)).events).toHaveLength(EVENTS_MAX);
    expect(refusal(list(0)).code).toBe("EVENT_INVALID");
    expect(refusal(list(EVENTS_MAX + 1))).toMatchObject({ code: "BODY_TOO_LARGE", status: 413 });
  });
});

describe("events that are refused", () => {
  it.each([
    ["3", "#", "expected an object with type and data, got 3"],
    [
      "{}",
      "#/type",
      "expected words of A–Z a–z 0–9 _ - with dots between them, like job.completed, got nothing",
    ],
    ['{"type":"a"}', "#/data", "expected any JSON value, got nothing"],
    [
      '{"type":"A b","data":1}',
      "#/type",
      'expected words of A–Z a–z 0–9 _ - with dots between them, like job.completed, got "A b"',
    ],
    ['{"type":"a","data":1,"id":"a.b"}', "#/id", 'expected 1–64 characters of A–Z a–z 0–9 _ -, got "a.b"'],
    ['{"type":"a","data":1,"id":null}', "#/id", "expected 1–64 characters of A–Z a–z 0–9 _ -, got null"],
    [
      '{"type":"a","data":1,"expires_at":"2026-13-31T12:00:00Z"}',
      "#/expires_at",
      'expected an RFC 3339 time, like 2026-01-31T12:00:00Z, got "2026-13-31T12:00:00Z"',
    ],
    [
      '{"type":"a","data":1,"timestamp":"yesterday"}',
      "#/timestamp",
      'expected an RFC 3339 time, like 2026-01-31T12:00:00Z, got "yesterday"',
    ],
    [
      '{"type":"a","data":1,"timestmap":1}',
      "#",
      'expected only type, data, id, timestamp, expires_at, destinations, legacy, traceparent and tracestate, got "timestmap"',
    ],
    [
      '{"type":"a","data":1,"legacy":"x"}',
      "#/legacy",
      'expected an object with data, for the legacy bus, got "x"',
    ],
    [
      '{"type":"a","data":1,"legacy":null}',
      "#/legacy",
      "expected an object with data, for the legacy bus, got null",
    ],
    ['{"type":"a","data":1,"legacy":{}}', "#/legacy/data", "expected any JSON value, got nothing"],
    [
      '{"type":"a","data":1,"legacy":{"data":1,"isWritten":true}}',
      "#/legacy",
      'expected only data, got "isWritten"',
    ],
  ])("%s says where and why", (body, pointer, detail) => {
    const problem = refusal(body);

    expect(problem).toMatchObject({ status: 422, code: "EVENT_INVALID" });
    expect(problem.errors?.[0]).toEqual({ code: "EVENT_INVALID", pointer, detail });
    expect(problem.detail).toContain(detail);
  });

  it("are all named, each with its place in the list", () => {
    const problem = refusal('[{"type":"A!","data":1},{"type":"a","data":1},{"type":"a","id":"."}]');

    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(["#/0/type", "#/2/data", "#/2/id"]);
  });

  it("are those whose data breaks what a known type promises", () => {
    const problem = refusal('{"type":"task_completed","data":{}}');

    expect(problem.errors?.[0]).toMatchObject({
      pointer: "#/data",
      detail: expect.stringMatching(/task_id/),
    });
  });

  it("are those whose data is too large in bytes, which is said when nothing else is wrong", () => {
    const largest = `"${"é".repeat((EVENT_DATA_MAX_BYTES - 2) / 2)}"`;
    const tooLarge = { type: "a", data: "é".repeat(EVENT_DATA_MAX_BYTES / 2) };

    expect(read(`{"type":"a","data":${largest}}`).events).toHaveLength(1);
    expect(refusal(JSON.stringify([tooLarge]))).toMatchObject({ status: 413, code: "EVENT_TOO_LARGE" });
    expect(refusal(JSON.stringify([tooLarge, {}]))).toMatchObject({ status: 422, code: "EVENT_INVALID" });
  });

  it("are those whose part for the legacy bus is too large, which is said of each part", () => {
    const tooLarge = "x".repeat(EVENT_DATA_MAX_BYTES);
    const problem = refusal(JSON.stringify([{ type: "a", data: tooLarge, legacy: { data: tooLarge } }]));

    expect(problem).toMatchObject({ status: 413, code: "EVENT_TOO_LARGE" });
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(["#/0/data", "#/0/legacy/data"]);
  });

  it("are shown with no more than the beginning of a long text", () => {
    const problem = refusal(JSON.stringify({ type: "a", data: 1, id: "i".repeat(1_000) }));

    expect(problem.errors?.[0]?.detail).toMatch(/got "i{40}"$/);
  });

  it("get an answer of bounded size, whatever was wrong with them", () => {
    const metrics = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`m${index}`, "x"]));
    const flawed = { type: "model.registered", data: { baseline_metrics: metrics } };
    const unknown = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`u${index}`, 1]));

    const problem = refusal(JSON.stringify([flawed, { type: "a", data: 1, ...unknown }]));

    expect(problem.errors).toHaveLength(100);
    expect(JSON.stringify(problem).length).toBeLessThan(64 * 1_024);
    expect(JSON.stringify(refusal(JSON.stringify({ type: "a", data: 1, ...unknown }))).length).toBeLessThan(
      2_048,
    );
  });
});
