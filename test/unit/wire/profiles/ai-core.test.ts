import { describe, expect, it } from "vitest";
import { asEventId } from "../../../../src/core/brand.ts";
import { aiCore } from "../../../../src/wire/profiles/ai-core.ts";
import { anEvent, aSigning, NEW_SECRET, OLD_SECRET } from "../samples.ts";

describe("the ai-core profile", () => {
  it("wraps the data, byte for byte, in the event's id and name", () => {
    const data = '{ "task_id":"t", "n": 12345678901234567890, "a":1.0 }';
    expect(aiCore.body(anEvent({ id: asEventId("evt_1"), type: "task_completed", data }))).toBe(
      `{"event_id":"evt_1","event_name":"task_completed","event_payload":${data}}`,
    );
  });

  it("signs method, URL, digest and date, for five minutes", () => {
    const headers = aiCore.headers(anEvent(), '{"hello": "world"}', aSigning({ timestamp: 1_618_884_475 }));
    expect(headers).toEqual({
      Date: "Tue, 20 Apr 2021 02:07:55 GMT",
      "Content-Digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
      "Signature-Input":
        'sig1=("@method" "@target-uri" "content-digest" "date");alg="hmac-sha256";created=1618884475;expires=1618884775;keyid="ai-core"',
      Signature: expect.stringMatching(/^sig1=:[A-Za-z0-9+/]{43}=:$/),
    });
  });

  it("signs every attempt of a rotation with the newest secret", () => {
    const signatureOf = (secrets: readonly string[], attemptNumber: number) =>
      aiCore.headers(anEvent(), "{}", aSigning({ secrets, attemptNumber }))["Signature"];
    const newest = signatureOf([NEW_SECRET], 1);
    expect(signatureOf([NEW_SECRET, OLD_SECRET], 1)).toBe(newest);
    expect(signatureOf([NEW_SECRET, OLD_SECRET], 2)).toBe(newest);
  });
});
