/** The second text of an event, for the legacy bus, as any producer's job may carry it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEventsJob } from "../../../src/queue/events-job.ts";
import { casesOf } from "../../support/depth.ts";

const origin = { jobId: "7", addedAt: 1_700_000_000_000 };

const legacyOf = (event: string) => {
  const read = readEventsJob(event, origin);
  return read.kind === "events" ? read.events.map(({ legacy }) => legacy) : [];
};

describe("a text for the bus", () => {
  it("keeps its bytes, as an object and as text, alone and in our envelope", () => {
    const texts = fc.json().map((text) => `{ "value":${text} , "n":1e2}`);
    fc.assert(
      fc.property(texts, fc.boolean(), (text, isText) => {
        const data = isText ? JSON.stringify(text) : text;
        const event = `{"type":"a.b","data":{"data":1},"legacy" : {"isWritten":true,"data": ${data}}}`;
        for (const job of [event, `[${event}]`, `{"v":1,"events":[${event}]}`]) {
          expect(legacyOf(job)).toEqual([{ data: text, isWritten: true }]);
        }
      }),
      { numRuns: casesOf(500) },
    );
  });

  it("may be left out, and so may the mark", () => {
    expect(legacyOf('{"type":"a.b","data":{}}')).toEqual([undefined]);
    expect(legacyOf('{"type":"a.b","data":{},"legacy":{"isWritten":true}}')).toEqual([{ isWritten: true }]);
    expect(legacyOf('{"type":"a.b","data":{},"legacy":{"data":{"a":1}}}')).toEqual([{ data: '{"a":1}' }]);
  });

  it.each(['"no json"', `"\\"${"x".repeat(300_000)}\\""`])(
    "that cannot be used keeps its event out: %#",
    (data) => {
      const read = readEventsJob(`{"type":"a.b","data":{},"legacy":{"data":${data}}}`, origin);
      expect(read).toMatchObject({
        events: [],
        unreadable: [{ problem: expect.stringMatching(/^legacy\.data: /) }],
      });
    },
  );
});
