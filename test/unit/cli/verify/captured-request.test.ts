import { describe, expect, it } from "vitest";
import { readCapture } from "../../../../src/cli/verify/captured-request.ts";

const BODY = Buffer.from('{"a": 1.0}\r\n\r\n\xff\n', "latin1");
const dumped = (head: string, body = BODY): Buffer => Buffer.concat([Buffer.from(head, "latin1"), body]);

describe("a captured request", () => {
  it.each([
    ["as it went over the wire", "POST /hook HTTP/1.1\r\nHost: a.example\r\nX-One:  1 \r\n\r\n"],
    ["saved with an editor's line ends", "POST /hook HTTP/1.1\nHost: a.example\nX-One: 1\n\n"],
  ])("is read %s, with every byte of its body", (_, head) => {
    expect(readCapture(dumped(head))).toEqual({
      method: "POST",
      target: "/hook",
      headers: [
        ["Host", "a.example"],
        ["X-One", "1"],
      ],
      body: BODY,
    });
  });

  it("may begin with its headers, and have no body", () => {
    const { method, target, headers, body } = readCapture(Buffer.from("a: b:c\r\nA: d\r\n\r\n"));
    expect({ method, target }).toEqual({ method: "POST", target: null });
    expect(headers).toEqual([
      ["a", "b:c"],
      ["A", "d"],
    ]);
    expect(body).toHaveLength(0);
  });

  it.each([
    ["an object of texts and lists", { a: "1", b: ["2", "3"] }],
    [
      "pairs",
      [
        ["a", "1"],
        ["b", "2"],
        ["b", "3"],
      ],
    ],
  ])("is read from JSON with headers as %s", (_, headers) => {
    const json = {
      method: "PUT",
      url: "https://a.example/hook",
      headers,
      bodyBase64: BODY.toString("base64"),
    };
    expect(readCapture(Buffer.from(` \n${JSON.stringify(json)}`))).toEqual({
      method: "PUT",
      target: "https://a.example/hook",
      headers: [
        ["a", "1"],
        ["b", "2"],
        ["b", "3"],
      ],
      body: BODY,
    });
  });

  it("has the UTF-8 bytes of a body that is given as text", () => {
    const { body } = readCapture(Buffer.from(JSON.stringify({ headers: {}, body: "\ufeffł\n" })));
    expect(body).toEqual(Buffer.from("\ufeffł\n"));
  });

  it.each([
    ["nothing", "", "an empty line"],
    ["a body alone", '{"type":"a"}', "headers as an object"],
    ["no empty line", "POST / HTTP/1.1\r\na: 1\r\n", "an empty line"],
    ["a line that is no header", "a: 1\r\nsecret words\r\n\r\n", "as the 2."],
    ["a space before the colon", "a : 1\r\n\r\n", "as the 1."],
    ["broken JSON", '{"headers": secret words', "one JSON object"],
    ["a parsed body", '{"headers":{},"body":{"secret":"words"}}', "no signature fits"],
    ["no body", '{"headers":{}}', "the raw body"],
    ["two bodies", '{"headers":{},"body":"","bodyBase64":""}', "the raw body"],
    ["base64 that is none", '{"headers":{},"bodyBase64":"secret words"}', "padded base64"],
    ["headers that are numbers", '{"headers":{"a":1},"body":""}', "headers as an object"],
    ["a method that is none", '{"method":1,"headers":{},"body":""}', "method as a text"],
    ["a URL that is none", '{"url":1,"headers":{},"body":""}', "url as a text"],
  ])("is refused when it is %s, without showing it", (_, text, hint) => {
    const read = () => readCapture(Buffer.from(text));
    expect(read).toThrow(hint);
    expect(read).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(read).not.toThrow("secret words");
  });
});
