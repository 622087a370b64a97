/** Answers as old and hand-made servers spell them, over real sockets. curl takes all those that are taken here. */
import { afterEach, describe, expect, it } from "vitest";
import { HEAD_PROBLEMS } from "../../src/deliver/odd-head.ts";
import { type Answer, plainAnswer } from "../support/raw-receiver.ts";
import { openThings, postTo } from "../support/transports.ts";
import { until } from "../support/until.ts";

const { receiver: startReceiver, transport: openTransport, probe: openInspector, closeAll } = openThings();
afterEach(closeAll);

const saying =
  (...parts: readonly string[]): Answer =>
  (socket) =>
    socket.end(Buffer.from(parts.join(""), "latin1"));

async function exchangeWith(answer: Answer) {
  const receiver = await startReceiver(answer);
  const exchange = await openTransport().post(postTo(receiver.url));
  await until("its connection is closed", () => receiver.openCount() === 0);
  // It has done its work: nothing may be sent a second time.
  expect(receiver.requests).toHaveLength(1);
  return exchange;
}

const OK = "HTTP/1.1 200 OK\r\n";
const LENGTH = "Content-Length: 2\r\n";

describe("an answer whose status line is clear", () => {
  it.each([
    ["lines that end with LF alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"],
    ["LF alone, and no headers", "HTTP/1.0 200 OK\n\nok"],
    ["LF alone after the status line only", `HTTP/1.1 200 OK\n${LENGTH}\r\nok`],
    ["LF alone after one header only", `${OK}X-A: b\n${LENGTH}\r\nok`],
    ["a name with spaces", `${OK}X Powered By: legacy\r\n${LENGTH}\r\nok`],
    ["a space before a colon", `${OK}X-A : b\r\n${LENGTH}\r\nok`],
    ["a name with an umlaut", `${OK}X-\xdcber: a\r\n${LENGTH}\r\nok`],
    ["a name in brackets", `${OK}[X-A]: a\r\n${LENGTH}\r\nok`],
    ["an empty name", `${OK}: a\r\n${LENGTH}\r\nok`],
    ["a folded header", `${OK}X-Long: a\r\n b\r\n${LENGTH}\r\nok`],
    ["a header folded by a tab, several times", `${OK}X-Long: a\r\n\tb\r\n \tc\r\n${LENGTH}\r\nok`],
    ["a length said twice", `${OK}${LENGTH}${LENGTH}\r\nok`],
    ["a length said twice in one header", `${OK}Content-Length: 2, 2\r\n\r\nok`],
    ["a control character in a value", `${OK}X-Msg: a\x01b\r\n${LENGTH}\r\nok`],
    ["a value with a line of its own", `${OK}X-Warn: notice\nin line 3\r\n${LENGTH}\r\nok`],
    ["a line without a colon", `${OK}nothing to see\r\n${LENGTH}\r\nok`],
    [
      "an interim answer before it",
      `HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\nHTTP/1.1 200 OK\nX: y\n${LENGTH}\r\nok`,
    ],
    ["an odd interim answer before it", `HTTP/1.1 103 Early Hints\nlink: </>\n\nHTTP/1.1 200 OK\n\nok`],
  ])("is taken, once, with %s", async (_what, text) => {
    expect(await exchangeWith(saying(text))).toMatchObject({ kind: "answered", status: 200, excerpt: "ok" });
  });

  it.each([
    ["HTTP/1.1 503 Busy\nRetry-After: 7\n\nlater", { status: 503, retryAfter: "7", excerpt: "later" }],
    ["HTTP/1.1 410 Gone\nX: y\n\n", { status: 410 }],
    [
      "HTTP/1.1 422 No\nWebhook Delivery: x\nwebhook-delivery: abort-message\n\n",
      { instruction: "abort-message" },
    ],
    [`HTTP/1.1 302 Found\r\nX Y: z\r\nLocation: http://192.0.2.1/\r\n\r\n`, { status: 302 }],
    ["HTTP/1.1 200\n\n", { status: 200 }],
  ])("is read as it would be otherwise: %j", async (text, exchange) => {
    expect(await exchangeWith(saying(text))).toMatchObject({ kind: "answered", ...exchange });
  });

  it("is taken from a connection that was used before, which ends with it", async () => {
    const receiver = await startReceiver((socket, { ordinal }) =>
      socket.write(ordinal === 2 ? "HTTP/1.1 202 OK\nContent-Length: 2\n\nok" : plainAnswer(200, "fine")),
    );
    const transport = openTransport({ connectionsPerOrigin: 1 });
    const statuses: unknown[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push(await transport.post(postTo(receiver.url)));
    expect(statuses).toMatchObject([
      { status: 200 },
      { status: 202, excerpt: "ok" },
      { status: 200 },
      { status: 202 },
    ]);
    expect(receiver.requests).toHaveLength(4);
    expect(receiver.connectionCount()).toBe(2);
  });

  it("gives nothing of a second answer that comes along with it to another delivery", async () => {
    const receiver = await startReceiver((socket) =>
      socket.write(`HTTP/1.1 200 OK\nContent-Length: 2\n\nok${plainAnswer(500, "smuggled")}`),
    );
    const transport = openTransport({ connectionsPerOrigin: 1 });
    for (let count = 0; count < 3; count += 1)
      expect(await transport.post(postTo(receiver.url))).toMatchObject({ status: 200, excerpt: "ok" });
    expect(receiver.connectionCount()).toBe(3);
  });

  it("is taken when its head comes in pieces", async () => {
    const pieces = ["HTTP/1.1 20", "4 No Content\r\nX-A: b\r\n", "X Y: z\r\n", "\r\n"];
    const answer: Answer = async (socket) => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      socket.end();
    };
    expect(await exchangeWith(answer)).toMatchObject({ kind: "answered", status: 204 });
  });

  it.each([
    ["a cookie of 17 KB", `Set-Cookie: a=${"x".repeat(17_000)}\r\n`],
    ["a thousand headers", "x-bomb: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(1_000)],
    ["almost 64 KiB of headers", `X-Big: ${"x".repeat(65_000)}\r\n`],
  ])("is taken with %s, of which a test shows a part", async (_what, headers) => {
    expect(await exchangeWith(saying(OK, headers, LENGTH, "\r\nok"))).toMatchObject({
      status: 200,
      excerpt: "ok",
    });
    const receiver = await startReceiver(saying(OK, headers, LENGTH, "\r\nok"));
    const report = await openInspector().send(postTo(receiver.url));
    expect(report.exchange).toMatchObject({ status: 200 });
    expect(JSON.stringify(report.headers).length).toBeLessThan(17 * 1_024);
  });
});

describe("an answer that two readers would cut differently", () => {
  it.each([
    ["twoFramings", `${OK}Transfer-Encoding: chunked\r\n${LENGTH}\r\n2\r\nok\r\n0\r\n\r\n`],
    ["twoFramings", `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
    ["twoFramings", `HTTP/1.1 200 OK\nTransfer-Encoding : chunked\nContent-Length: 2\n\n2\nok\n0\n\n`],
    ["twoLengths", `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nok`],
    ["twoLengths", `${OK}Content-Length: 1, 2\r\n\r\nok`],
    ["badLength", `${OK}Content-Length: two\r\n\r\nok`],
    ["badLength", `${OK}Content-Length: -2\r\n\r\nok`],
    ["badLength", `${OK}Content-Length: 0x2\r\n\r\nok`],
    ["badLength", `${OK}Content-Length: 99999999999999999999999\r\n\r\nok`],
    ["badLength", `${OK}Content-Length:\r\n\r\nok`],
    ["nul", `${OK}X-A: a\0b\r\n${LENGTH}\r\nok`],
    ["notHttp", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["notHttp", "HTTP/1.1 20x OK\r\n\r\n"],
    ["notHttp", "<html>no head</html>"],
    ["interim", "HTTP/1.1 102 Processing\n\n"],
    ["tooLarge", `${OK}X-Big: ${"x".repeat(70_000)}\r\n\r\nok`],
  ] as const)("is refused for the reason %s, which a test tells: %#", async (problem, text) => {
    const receiver = await startReceiver(saying(text));
    const report = await openInspector().send(postTo(receiver.url));
    expect(report.exchange).toEqual({ kind: "failed", reason: "protocol" });
    expect(report.detail).toBe(HEAD_PROBLEMS[problem]);
    expect(await openTransport().post(postTo(receiver.url))).toEqual({ kind: "failed", reason: "protocol" });
  });
});
