import { describe, expect, it } from "vitest";
import { heardJson, heardText } from "../../../../src/cli/listen/heard-lines.ts";
import type { Heard } from "../../../../src/cli/listen/listener.ts";
import { createTally, summaryText } from "../../../../src/cli/listen/tally.ts";

const HEARD: Heard = {
  request: {
    method: "POST",
    url: "http://127.0.0.1:8421/hook?token=hush",
    headers: [["webhook-id", "evt_1"]],
    body: Buffer.from('{"type":"a"}'),
  },
  at: Date.parse("2026-01-31T12:00:00Z"),
  diagnosis: {
    kind: "valid",
    event: { kind: "custom", id: "evt_1", type: "a", timestamp: "2026-01-31T11:59:59Z", data: null },
  },
  answer: { status: 204, because: "verified", trouble: null },
  tookMs: 3.4,
  isAnswerTaken: true,
};

const textOf = (changes: Partial<Heard>, copy = 1): string =>
  heardText({ ...HEARD, ...changes }, copy, "http://localhost:3000/hook", (_, text) => text);
const answeredWith = (answer: Heard["answer"], isAnswerTaken = true): string =>
  textOf({ answer, isAnswerTaken }).split("\n")[0]?.split("→ ")[1] ?? "";

describe("a request that was heard", () => {
  it("is told with its event, size, time and body, without the query of its URL", () => {
    const [first, second, third, ...rest] = textOf({}).split("\n");
    expect(first).toMatch(/^\d\d:\d\d:\d\d {2}valid {2}a {2}evt_1 {2}→ 204 in 3 ms$/);
    expect(second?.trim()).toBe("POST /hook, 12 bytes, happened 2026-01-31T11:59:59Z");
    expect(third?.trim()).toBe('{"type":"a"}');
    expect(rest).toEqual([]);
  });

  it.each<readonly [string, Heard["answer"]]>([
    ["500 on purpose in 3 ms", { status: 500, because: "on_purpose", trouble: null }],
    ["418 by http://localhost:3000/hook in 3 ms", { status: 418, because: "forwarded", trouble: null }],
    [
      "502, for http://localhost:3000/hook does not answer (ECONNREFUSED) in 3 ms",
      { status: 502, because: "unreachable", trouble: "ECONNREFUSED" },
    ],
  ])("is told with who answered: %s", (text, answer) => {
    expect(answeredWith(answer)).toBe(text);
    expect(answeredWith(answer, false)).toBe(`${text}, but the sender had hung up`);
  });

  it("is told as a copy when its event has come before", () => {
    expect(textOf({}, 2)).toContain("evt_1  copy 2  →");
    expect(textOf({}, 1)).not.toContain("copy");
  });

  it("is told with what is wrong with it, or with its body", () => {
    const diagnosis = { kind: "unreadable", status: 413, problem: "a body of more than 8 bytes" } as const;
    expect(textOf({ diagnosis })).toContain("INVALID  a body of more than 8 bytes  →");
    expect(heardJson({ ...HEARD, diagnosis }, 0)).toMatchObject({
      isValid: false,
      problem: diagnosis.problem,
    });
  });

  it("is one JSON document that holds it whole", () => {
    expect(heardJson(HEARD, 1)).toMatchObject({
      kind: "request",
      time: "2026-01-31T12:00:00.000Z",
      url: HEARD.request.url,
      headers: [["webhook-id", "evt_1"]],
      bodyBase64: Buffer.from('{"type":"a"}').toString("base64"),
      isValid: true,
      id: "evt_1",
    });
  });
});

describe("the tally", () => {
  it("counts events, copies, failed checks, answers, and senders that hung up", () => {
    const tally = createTally();
    const diagnosis = { kind: "unreadable", status: 413, problem: "" } as const;
    const all = [HEARD, HEARD, { ...HEARD, isAnswerTaken: false }, { ...HEARD, diagnosis }];
    expect(all.map(tally.count)).toEqual([1, 2, 3, 0]);
    expect(tally.summary()).toEqual({
      requests: 4,
      valid: 3,
      events: 1,
      invalid: 1,
      failedChecks: { UNREADABLE: 1 },
      answers: { 204: 3 },
      hungUp: 1,
    });
    const text = summaryText(tally.summary(), 2_000);
    expect(text).toMatch(/^\n4 requests in 2\.0 s\n {2}valid +3 {2}1 different, 2 copies\n/);
    expect(text).toMatch(/\n {2}hung up +1 {2}before they were answered$/);
  });
});
