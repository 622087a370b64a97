import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf, type ReadMessage, readMessage } from "../../../src/bus/bridge-message.ts";
import { messageIdOf } from "../../../src/bus/uuid5.ts";
import { EVENT_DATA_MAX_BYTES, EVENT_ID_PATTERN } from "../../../src/core/event.ts";

const MESSAGE_ID = "0f6e4f0e-6f0b-4c57-9a5e-2d1f7f1f8a10";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const read = (text: string): ReadMessage => readMessage(Buffer.from(text));

interface Parts {
  readonly id?: string;
  readonly timestamp?: string;
}

/** As the service writes it, with a payload that is put in as it stands. */
function envelope(
  payload: string,
  { id = MESSAGE_ID, timestamp = "2026-01-31T12:00:00.123456" }: Parts = {},
) {
  const [messageId, moment] = [JSON.stringify(id), JSON.stringify(timestamp)];
  return `{"message_id": ${messageId}, "message_type": "model_ready_to_deploy", "payload": ${payload}, "timestamp": ${moment}, "retry_count": 0, "max_retries": 3}`;
}

function eventOf(text: string) {
  const message = read(text);
  if (message.kind !== "event") throw new Error(`${JSON.stringify(message)} is no event`);
  return message.event;
}

/** JSON objects as people write them: with spaces, big numbers, escapes and any text. */
const payloads = fc
  .dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 2, stringUnit: "binary" }), {
    maxKeys: 5,
  })
  .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 2)))
  .chain((text) => fc.constantFrom(text, `{"n":12345678901234567890,"n":1.0,"e":"\\u00e9","r":${text}}`));

describe("readMessage", () => {
  it("brings any payload through an envelope as exactly the bytes it has", () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        expect(eventOf(envelope(payload)).dataText).toBe(payload);
      }),
    );
  });

  it("takes the whole text, space around it included, where there is no envelope", () => {
    fc.assert(
      fc.property(payloads, fc.constantFrom("", " ", "\n"), (payload, space) => {
        expect(eventOf(`${space}${payload}${space}`).dataText).toBe(`${space}${payload}${space}`);
      }),
    );
  });

  it.each(["message_id", "message_type", "payload", "timestamp", "retry_count", "max_retries"])(
    "sees no envelope without %s",
    (member) => {
      const { [member]: _, ...rest } = JSON.parse(envelope('{"model_id":"m"}'));
      const text = JSON.stringify(rest);
      expect(eventOf(text)).toEqual({ id: sha256(text), dataText: text });
    },
  );

  it.each([
    ["the payload's idempotency_key", envelope('{"idempotency_key":"k-1"}'), "k-1"],
    [
      "a number as it is written",
      envelope('{"idempotency_key":12345678901234567890}'),
      "12345678901234567890",
    ],
    ["else the envelope's message_id", envelope('{"idempotency_key":null}'), MESSAGE_ID],
    ["also of a payload that is no object", envelope("[1]"), MESSAGE_ID],
    ["a text's own idempotency_key", '{"idempotency_key":"k-2"}', "k-2"],
    ["not what lies deeper", '{"a":{"idempotency_key":"k"}}', sha256('{"a":{"idempotency_key":"k"}}')],
    ["else the text's digest", '{"a":1}', sha256('{"a":1}')],
    ["also where an envelope names nothing", envelope("{}", { id: "" }), sha256(envelope("{}", { id: "" }))],
    ["the digest of an id that cannot be one", envelope('{"idempotency_key":"a:b"}'), sha256("a:b")],
  ])("takes for the id %s", (_, text, id) => {
    expect(eventOf(text).id).toBe(id);
  });

  it("makes of any key an id that an event may have, the same each time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (key) => {
        const payload = JSON.stringify({ idempotency_key: key });
        const { id } = eventOf(envelope(payload));
        expect(id).toMatch(EVENT_ID_PATTERN);
        expect(eventOf(payload).id).toBe(id);
      }),
    );
  });

  it.each([
    ["2026-01-31T12:00:00.123456", "2026-01-31T12:00:00.123456Z"],
    ["2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00+01:00"],
    ["2026-13-31T12:00:00", undefined],
    ["yesterday", undefined],
  ])("takes for the time of %s %s", (timestamp, expected) => {
    expect(eventOf(envelope("{}", { timestamp })).timestamp).toBe(expected);
  });

  it("drops what Hookwave itself has written, in an envelope or without", () => {
    const id = messageIdOf("evt_1");
    expect(read(envelope("{}", { id }))).toEqual({ kind: "own" });
    expect(read(`{"message_id":"${id}"}`)).toEqual({ kind: "own" });
    expect(read(envelope(`{"message_id":"${id}"}`)).kind).toBe("event");
  });

  it.each([
    ["no JSON", Buffer.from("{oops")],
    ["nothing", Buffer.alloc(0)],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["a byte order mark", Buffer.from("\uFEFF{}")],
    ["more than an event may have", Buffer.from(`"${"x".repeat(EVENT_DATA_MAX_BYTES + 65_536)}"`)],
  ])("cannot read %s", (_, bytes) => {
    expect(readMessage(bytes)).toMatchObject({
      kind: "unreadable",
      problem: expect.stringContaining("expected "),
    });
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" }).map(Buffer.from)), (bytes) => {
        expect(["event", "own", "unreadable"]).toContain(readMessage(bytes).kind);
        expect(digestOf(bytes)).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });
});
