import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readVersionedDelivery } from "../../../src/core/stored.ts";
import { readEventsJob } from "../../../src/queue/events-job.ts";

const origin = { jobId: "7", addedAt: 1_700_000_000_000 };

describe("reading an events job", () => {
  it("keeps the text of every event's data, in a list, alone or in our own envelope", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (values, spaced) => {
          const texts = values.map((value) => JSON.stringify({ value }, null, spaced ? 1 : 0));
          const list = `[${texts.map((data) => `{"type":"a.b","data":${data}}`).join(",")}]`;
          for (const text of [list, `{"v":1, "events": ${list}}`]) {
            const read = readEventsJob(text, origin);
            expect(read.kind === "events" && read.events.map(({ data }) => data)).toEqual(texts);
          }
        },
      ),
    );
  });

  it("takes no object for a type, whatever length it claims to have", () => {
    const read = readEventsJob('{"type":{"length":{"toString":""}},"data":""}', { jobId: "1", addedAt: 0 });
    expect(read).toMatchObject({ kind: "events", events: [], unreadable: [{ problem: expect.any(String) }] });
  });

  it("gives events without an id the same one on every run, and each its own", () => {
    const text = '[{"type":"a.b","data":{}},{"type":"a.b","data":{}}]';
    const ids = (job = origin) => {
      const read = readEventsJob(text, job);
      return read.kind === "events" ? read.events.map(({ id }) => id) : [];
    };
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(2);
    expect(ids({ ...origin, addedAt: 1 })).not.toEqual(ids());
  });

  it("keeps an event's destinations, in full, and none where there are none", () => {
    const url = "https://starter.example.com/";
    const text = `[{"type":"a.b","data":{},"destinations":[{"url":"${url}"}]},{"type":"a.b","data":{},"destinations":null}]`;
    const read = readEventsJob(text, origin);
    const [first, second] = read.kind === "events" ? read.events : [];
    expect(first?.destinations).toEqual([{ url, events: ["*"], profile: null, keyId: "default" }]);
    expect(second).not.toHaveProperty("destinations");
  });

  it.each([
    ["thing.made", '[{"url":"https://u:s3cret@a.example/"}]'],
    ["thing.made", '[{"url":"https://a.example/","secret":"s3cret"}]'],
    ["NOT A TYPE", '{"webhook_secret":"s3cret"}'],
  ])("keeps nothing of destinations that cannot be read, and the rest as it came: %s, %s", (type, wrong) => {
    const good = '{"type":"a.b","data":{}}';
    const bad = `{"destinations":[], "type":"${type}", "data": {"n": 1.0},"destinations": ${wrong}}`;
    const read = readEventsJob(`[${good},${bad}]`, origin);
    expect(read).toMatchObject({ events: [{ type: "a.b" }], unreadable: [{}] });
    const [letter] = read.kind === "events" ? read.unreadable : [];
    expect(letter?.problem).not.toContain("s3cret");
    expect(letter?.text).toBe(`{"destinations":"••••","type":"${type}","data":{"n": 1.0}}`);
    expect(readEventsJob(letter?.text ?? "", origin)).toMatchObject({ events: [], unreadable: [{}] });
  });

  it("reads until when an event is wanted, and refuses what is no time", () => {
    const expiresAt = "2026-01-31T12:00:00Z";
    expect(readEventsJob(JSON.stringify({ type: "a.b", data: {}, expiresAt }), origin)).toMatchObject({
      events: [{ expiresAt }],
    });
    const without = readEventsJob('{"type":"a.b","data":{},"expiresAt":null}', origin);
    expect(without.kind === "events" && without.events).not.toMatchObject([{ expiresAt: expect.anything() }]);
    expect(readEventsJob(JSON.stringify({ type: "a.b", data: {}, expiresAt: "soon" }), origin)).toMatchObject(
      {
        events: [],
        unreadable: [{ problem: expect.stringContaining("expiresAt: an RFC 3339 time") }],
      },
    );
  });

  it("gives events without a timestamp the time at which the job was added", () => {
    const read = readEventsJob('{"type":"a.b","data":{}}', origin);
    expect(read).toMatchObject({
      events: [{ timestamp: "2023-11-14T22:13:20.000Z" }],
      holder: "7",
      crashes: 0,
    });
  });
});

describe("reading a delivery job or a dead letter", () => {
  it("leaves a newer version alone", () => {
    expect(readVersionedDelivery('{"v":4,"delivery":{"shape":"unknown"}}')).toEqual({
      kind: "newer",
      version: 4,
    });
  });
});

describe("an event that no other way in would take", () => {
  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

  it.each([
    ["a day that there is not", { data: "1", timestamp: "2026-02-30T10:00:00Z" }, /timestamp: an RFC 3339/],
    ["a zone that there is not", { data: "1", timestamp: "2026-11-28T10:00:00+25:99" }, /timestamp/],
    ["an end that there is not", { data: "1", expiresAt: "2026-04-31T10:00:00Z" }, /expiresAt/],
    ["text of 64 levels", { data: nested(64) }, /data: expected JSON of at most 63 levels/],
    ["an object of 64 levels", { data: JSON.parse(nested(64)) }, /data: expected JSON of at most 63 levels/],
    ["half of a surrogate pair", { data: '"\ud800"' }, /data: expected text that UTF-8 can hold/],
    [
      "a text for the bus like that",
      { data: "1", legacy: { data: '"\udc00"' } },
      /legacy.data: expected text/,
    ],
  ])("is unreadable in a job, too: %s", (_what, event, problem) => {
    const read = readEventsJob(JSON.stringify({ type: "a", ...event }), { jobId: "7", addedAt: 1 });
    expect(read).toMatchObject({
      kind: "events",
      events: [],
      unreadable: [{ problem: expect.stringMatching(problem) }],
    });
  });

  it("keeps 63 levels and escaped halves of pairs as they stand", () => {
    for (const data of [nested(63), '"\\ud800"']) {
      const read = readEventsJob(JSON.stringify({ type: "a", data }), { jobId: "7", addedAt: 1 });
      expect(read).toMatchObject({ kind: "events", events: [{ data }] });
    }
  });
});
