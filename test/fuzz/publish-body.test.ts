/** Whatever is posted, it is read into events that can be stored, or refused with a problem: never anything else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../../src/api/problem.ts";
import { readEvents } from "../../src/api/read-events.ts";
import { EVENT_ID_PATTERN, isEventType } from "../../src/core/event.ts";
import { isJsonText } from "../../src/core/json-text.ts";
import { almostEvent, CASES, hostileText, inherited, LARGE } from "../support/hostile.ts";

const EVENT =
  '{"type":"thing.made","data":{"n":1.0,"s":"\\u00e9"},"id":"evt_1","timestamp":"2026-01-31T12:00:00Z","destinations":[{"url":"https://a.example/"}]}';
const REFUSED = ["REQUEST_INVALID", "EVENT_INVALID", "EVENT_TOO_LARGE"];
const ANSWER_MAX_CHARS = 100_000;

function check(body: Buffer, key: unknown): void {
  try {
    for (const event of readEvents(body, key).events) {
      expect(isEventType(event.type)).toBe(true);
      expect(isJsonText(event.checkedText)).toBe(true);
      // Byte for byte: what would be sent is what came.
      expect(body.includes(Buffer.from(event.checkedText))).toBe(true);
      expect(event.checkedText.isWellFormed()).toBe(true);
      if (event.id !== undefined) expect(event.id).toMatch(EVENT_ID_PATTERN);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(REFUSED).toContain(error.problem.code);
    expect(JSON.stringify(error.problem).length).toBeLessThan(ANSWER_MAX_CHARS);
  }
}

describe("any body and any key of a publish", () => {
  it("become events whose data is in the body as it stands, or a refusal of bounded size", () => {
    const before = inherited();
    const list = fc.array(almostEvent, { maxLength: 4 }).map((events) => `[${events.join(",")}]`);
    const texts = fc.oneof(hostileText([EVENT, `[${EVENT},${EVENT}]`]), almostEvent, list);
    const text = texts.map((one) => Buffer.from(one));
    const body = fc.oneof(
      { arbitrary: text, weight: 9 },
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      fc
        .uint8Array({ maxLength: 12 })
        .map((bytes) => Buffer.concat([Buffer.from('{"type":"a","data":"'), bytes, Buffer.from('"}')])),
    );
    const key = fc.oneof(
      { arbitrary: fc.constant(undefined), weight: 8 },
      fc.string(),
      fc.array(fc.string()),
      fc.constant("evt_2"),
    );
    fc.assert(fc.property(body, key, check), CASES);
    for (const one of LARGE) check(Buffer.from(one), undefined);
    expect(inherited()).toBe(before);
  });
});
