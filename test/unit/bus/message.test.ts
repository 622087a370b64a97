/** Entries of the bus as its consumers read them; the fixed vectors were written by Python's own uuid.uuid5. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listEntry, payloadOf } from "../../../src/bus/message.ts";
import { isNameBased, messageIdOf } from "../../../src/bus/uuid5.ts";
import { asEventId } from "../../../src/core/brand.ts";
import { TIMESTAMP_PATTERN } from "../../../src/core/event.ts";
import { casesOf } from "../../support/depth.ts";

const MEMBERS = ["message_id", "message_type", "payload", "timestamp", "retry_count", "max_retries"];

const event = (more: { readonly [member: string]: unknown } = {}) => ({
  id: asEventId("evt_1"),
  type: "model.registered",
  timestamp: "2026-01-31T12:00:00Z",
  data: "{}",
  ...more,
});
const timeOf = (timestamp: string): string =>
  JSON.parse(listEntry(event({ timestamp }), "hokusai")).timestamp;

describe("an entry of the list", () => {
  it("has exactly the six members, and the payload's own bytes, whatever they are", () => {
    const anyPayload = fc
      .json()
      .chain((text) => fc.constantFrom(text, ` ${text}\n`, `{ "a":1e2 , "b":${text}}`));
    fc.assert(
      fc.property(anyPayload, fc.boolean(), (payload, isOwn) => {
        const entry = listEntry(event(isOwn ? { legacy: { data: payload } } : { data: payload }), "hokusai");
        const said = JSON.parse(entry);
        expect(Object.keys(said)).toEqual(MEMBERS);
        expect(said.payload).toEqual(JSON.parse(payload));
        expect(entry).toContain(`"payload": ${payload}, "timestamp": `);
        expect([said.retry_count, said.max_retries]).toEqual([0, 3]);
      }),
      { numRuns: casesOf(500) },
    );
  });

  it("is the payload alone where there is no envelope", () => {
    expect(listEntry(event({ data: '{"a":1}', legacy: { data: '{ "b": 2 }' } }), "none")).toBe('{ "b": 2 }');
  });

  it("says the consumers' own name of a type, and the type itself where they have none", () => {
    const typeOf = (type: string): string => JSON.parse(listEntry(event({ type }), "hokusai")).message_type;
    expect([typeOf("model.registered"), typeOf("mint.asked")]).toEqual([
      "model_ready_to_deploy",
      "mint.asked",
    ]);
  });

  it("carries its own text for the bus, and the data only without one", () => {
    expect([payloadOf(event({ data: "1" })), payloadOf(event({ data: "1", legacy: { data: "2" } }))]).toEqual(
      ["1", "2"],
    );
  });
});

describe("the time of an entry", () => {
  it.each([
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00"],
    ["2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500000"],
    ["2026-01-28T23:59:59.123Z", "2026-01-28T23:59:59.123000"],
    ["2026-01-31T23:59:59.123Z", "2026-01-31T23:59:59.123000"],
    ["2026-02-31T00:00:00.123Z", "2026-03-03T00:00:00.123000"],
    ["0000-02-03T00:00:00.123Z", "1970-01-01T00:00:00.123000"],
    ["2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123456"],
    ["2026-01-31T01:30:00+02:00", "2026-01-30T23:30:00"],
    ["2026-12-31T23:59:60Z", "2026-12-31T23:59:59"],
    ["2026-01-31T25:00:00Z", "1970-01-01T00:00:00"],
    ["2026-01-31T10:00:00+24:00", "1970-01-01T00:00:00"],
    ["0000-01-01T00:00:00+01:00", "1970-01-01T00:00:00"],
  ])("of %s is %s", (timestamp, expected) => {
    expect(timeOf(timestamp)).toBe(expected);
  });

  it("is one that Python before 3.11 reads, for any that a producer may say", () => {
    fc.assert(
      fc.property(fc.stringMatching(TIMESTAMP_PATTERN), (timestamp) => {
        expect(timeOf(timestamp)).toMatch(/^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{6})?$/);
      }),
      { numRuns: casesOf(2_000) },
    );
  });
});

describe("the message id", () => {
  it.each([
    ["evt_1", "65169efb-a3a2-5837-ad5b-d1954a92eccd"],
    ["evt_0f9c2d", "1e212f2d-1028-52e3-a3ee-fdc1a548cdb7"],
    ["a", "d720e32d-4765-5177-b65b-42dd7f6e6445"],
    [
      "evt_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      "87066a49-893b-5f03-9ed1-af972805c68e",
    ],
    ["Z-_9", "af8638d8-035d-5341-aeb9-02e78f3e79f8"],
  ])("of %s is Python's uuid5 of it, %s", (id, uuid) => {
    expect(messageIdOf(id)).toBe(uuid);
    expect(isNameBased(uuid)).toBe(true);
  });

  it("is told from the random ones of other producers", () => {
    expect(isNameBased("8f14e45f-ceea-467f-a0e6-0f1d3a1c1b2d")).toBe(false);
  });
});
