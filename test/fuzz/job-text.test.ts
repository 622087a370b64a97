/** Whatever lies in a job, it is read or named unreadable: no crash, no hang, nothing inherited changed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVENT_DATA_MAX_BYTES, EVENT_ID_PATTERN, isEventType } from "../../src/core/event.ts";
import { isJsonText } from "../../src/core/json-text.ts";
import { readVersionedDelivery, versionedDelivery } from "../../src/core/stored.ts";
import { readEventsJob } from "../../src/queue/events-job.ts";
import { FRAGILE_FIELDS, isReadable, readableHash } from "../../src/queue/job-metadata.ts";
import { readDeadLetter } from "../../src/queue/stored-letter.ts";
import { almostEvent, CASES, hostileText, inherited, LARGE } from "../support/hostile.ts";

const EVENT =
  '{"id":"evt_1","type":"thing.made","timestamp":"2026-01-31T12:00:00Z","data":{"n":1.0,"s":"\\u00e9"}}';
const DESTINED = `${EVENT.slice(0, -1)},"destinations":[{"url":"https://a.example/","events":["*"],"keyId":"k"}]}`;
const JOBS = [EVENT, DESTINED, `[${EVENT},${EVENT}]`, `{"v":1,"events":[${EVENT}],"holder":"7","crashes":2}`];
const DELIVERY =
  '{"v":1,"delivery":{"event":{"id":"evt_1","type":"thing.made","timestamp":"2026-01-31T12:00:00Z","data":"{}"},"endpointId":"ep_1","acceptedAt":1,"attempts":[],"round":0,"heldSince":null}}';
const LETTER =
  '{"kind":"job","jobId":"7","addedAt":1,"text":"{oops","problem":"p","because":"invalid","buriedAt":"2026-01-31T12:00:00Z"}';
const origin = { jobId: "7", addedAt: 1_769_860_800_000 };

const jobText = fc
  .tuple(fc.array(almostEvent, { maxLength: 4 }), fc.constantFrom("one", "list", "envelope"))
  .map(([events, form]) => {
    if (form === "one") return events[0] ?? "";
    return form === "list" ? `[${events.join(",")}]` : `{"v":1,"events":[${events.join(",")}]}`;
  });

function checkEvents(text: string): void {
  const read = readEventsJob(text, origin);
  if (read.kind !== "events") return;
  for (const event of read.events) {
    expect(event.id).toMatch(EVENT_ID_PATTERN);
    expect(isEventType(event.type)).toBe(true);
    expect(isJsonText(event.data)).toBe(true);
    expect(event.data.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(event.data)).toBeLessThanOrEqual(EVENT_DATA_MAX_BYTES);
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
  }
  const kept = [...read.events.map(({ data }) => data), ...read.unreadable.map((one) => one.text)];
  // A mask may be longer than what it hides, and so may a name that is written anew.
  expect(kept.join("").length).toBeLessThanOrEqual(2 * text.length);
}

describe("any text of a job", () => {
  it("is read as events that can be delivered, or is unreadable", () => {
    const before = inherited();
    fc.assert(fc.property(fc.oneof(hostileText(JOBS), jobText), checkEvents), CASES);
    for (const text of LARGE) checkEvents(text);
    expect(inherited()).toBe(before);
  });

  it("is read as a delivery that is written the same, or is unreadable", () => {
    const before = inherited();
    const check = (text: string): void => {
      const read = readVersionedDelivery(text);
      if (read.kind !== "delivery") return;
      const again = readVersionedDelivery(JSON.stringify(versionedDelivery(read.delivery)));
      expect(again).toEqual(read);
    };
    fc.assert(fc.property(hostileText([DELIVERY]), check), CASES);
    for (const text of LARGE) check(text);
    expect(inherited()).toBe(before);
  });

  it("is a dead letter or none", () => {
    const check = (text: string): void => {
      const letter = isJsonText(text) ? readDeadLetter(JSON.parse(text)) : null;
      expect(letter === null || ["delivery", "job"].includes(letter.kind)).toBe(true);
    };
    fc.assert(fc.property(hostileText([LETTER]), check), CASES);
  });
});

describe("anything beside a job's data", () => {
  it("becomes something that BullMQ can read", () => {
    const field = fc.oneof(fc.constantFrom(...FRAGILE_FIELDS, "rjk", "data", "name", "defa"), fc.string());
    const hash = fc.array(fc.tuple(field, hostileText(['{"repeat":{"every":5}}', "17"])), { maxLength: 12 });
    fc.assert(
      fc.property(hash, (pairs) => {
        const readable = readableHash(pairs.flat());
        expect(readable.length % 2).toBe(0);
        const map = new Map(
          readable.flatMap((one, at) => (at % 2 === 0 ? [[one, readable[at + 1] ?? ""]] : [])),
        );
        for (const name of FRAGILE_FIELDS) expect(isReadable(name, map.get(name) ?? null)).toBe(true);
      }),
      CASES,
    );
  });
});
