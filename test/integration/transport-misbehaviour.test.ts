import { afterEach, describe, expect, it, vi } from "vitest";
import type { OutgoingRequest } from "../../src/deliver/ports.ts";
import { type Answer, drip, plainAnswer, pourForEver } from "../support/raw-receiver.ts";
import { openThings, postTo } from "../support/transports.ts";
import { until } from "../support/until.ts";

const { receiver: startReceiver, transport: openTransport, closeAll } = openThings();
afterEach(closeAll);

/** Posts to a receiver that answers like this, and returns the exchange once the connection is gone. */
async function exchangeWith(answer: Answer, changes: Partial<OutgoingRequest> = {}) {
  const receiver = await startReceiver(answer);
  const exchange = await openTransport().post(postTo(receiver.url, changes));
  await vi.waitFor(() => expect(receiver.openCount()).toBe(0), { timeout: 5_000 });
  return exchange;
}

const timedOut = { kind: "failed", reason: "timeout" };
const broken = { kind: "failed", reason: "protocol" };
const head = (...lines: readonly string[]) => `${["HTTP/1.1 200 OK", ...lines].join("\r\n")}\r\n\r\n`;

describe("one deadline spans the whole exchange", () => {
  it("ends a receiver that accepts and never answers", async () => {
    expect(await exchangeWith(() => undefined, { timeoutMs: 150 })).toEqual(timedOut);
  });

  it("ends a receiver that drips header bytes", async () => {
    const answer: Answer = (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
      drip(socket, "a", 10);
    };
    expect(await exchangeWith(answer, { timeoutMs: 200 })).toEqual(timedOut);
  });

  it("ends a receiver that sends interim answers for ever", async () => {
    const answer: Answer = (socket) => drip(socket, "HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n", 5);
    expect(await exchangeWith(answer, { timeoutMs: 200 })).toEqual(timedOut);
  });

  it("covers the wait for a free connection, and what waited too long is never sent", async () => {
    const held: (() => void)[] = [];
    const receiver = await startReceiver((socket) => held.push(() => socket.write(plainAnswer(200))));
    const transport = openTransport({ connectionsPerOrigin: 2 });
    const first = [transport.post(postTo(receiver.url)), transport.post(postTo(receiver.url))];
    await until("they have come", () => held.length === 2);
    expect(await transport.post(postTo(receiver.url, { timeoutMs: 50 }))).toEqual(timedOut);
    for (const answer of held) answer();
    expect(await Promise.all(first)).toMatchObject([{ status: 200 }, { status: 200 }]);
    await transport.close();
    expect(receiver.requests).toHaveLength(2);
  });
});

describe("the status line is the outcome", () => {
  it("answers at the deadline with what has come of a dripping body", async () => {
    const answer: Answer = (socket) => {
      socket.write(`${head("content-length: 100000")}begun`);
      drip(socket, ".", 10);
    };
    const exchange = await exchangeWith(answer, { timeoutMs: 700 });
    expect(exchange).toMatchObject({ kind: "answered", status: 200 });
    expect(exchange).toHaveProperty("excerpt", expect.stringMatching(/^begun\.+$/));
  });

  it("does not wait for a dripping body until a distant deadline", async () => {
    const answer: Answer = (socket) => {
      socket.write(head("content-length: 100000"));
      drip(socket, ".", 10);
    };
    const startedAt = performance.now();
    expect(await exchangeWith(answer, { timeoutMs: 60_000 })).toMatchObject({ status: 200 });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it("keeps 16 KiB of an endless body and ends the connection soon after", async () => {
    let pouredBytes = 0;
    const exchange = await exchangeWith((socket) => {
      socket.on("close", () => {
        pouredBytes = socket.bytesWritten;
      });
      socket.write(head("content-length: 50000000"));
      pourForEver(socket, Buffer.alloc(64 * 1_024, "x"));
    });
    expect(exchange).toMatchObject({ kind: "answered", status: 200, excerpt: "x".repeat(16_384) });
    // Most of it lies in the kernel's buffers; the body was to be 50 MB.
    expect(pouredBytes).toBeLessThan(20_000_000);
  });

  it("keeps the connection when a body is only a little longer than the excerpt", async () => {
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(200, "y".repeat(60_000))));
    const transport = openTransport({ connectionsPerOrigin: 1 });
    for (let count = 0; count < 2; count += 1) {
      expect(await transport.post(postTo(receiver.url))).toMatchObject({ excerpt: "y".repeat(16_384) });
    }
    await until("they have come", () => receiver.requests.length === 2);
    expect(receiver.connectionCount()).toBe(1);
  });

  it.each<[string, Answer]>([
    ["breaks off", (socket) => socket.end(`${head("content-length: 100")}half`)],
    [
      "is reset",
      (socket) => socket.write(`${head("content-length: 100")}half`, () => socket.resetAndDestroy()),
    ],
    ["is garbled", (socket) => socket.end(`${head("transfer-encoding: chunked")}4\r\nhalf\r\nnonsense\r\n`)],
  ])("counts a 200 whose body %s as answered", async (_how, answer) => {
    expect(await exchangeWith(answer)).toMatchObject({ kind: "answered", status: 200, excerpt: "half" });
  });
});

describe("what is no HTTP answer", () => {
  it.each<[string, Answer]>([
    ["noise", (socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n")],
    ["a header without end", (socket) => pourForEver(socket, head().slice(0, -2) + "x: ".padEnd(4_096, "y"))],
    [
      "three thousand headers",
      (socket) => socket.write(head(...Array(3_000).fill("x-bomb: aaaaaaaaaaaaaaaaaaaaaaaa"))),
    ],
    [
      "an upgrade nobody asked for",
      (socket) => socket.write("HTTP/1.1 101 Sure\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    ],
    ["100 Continue nobody asked for", (socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\n")],
    ["two lengths", (socket) => socket.write(`${head("content-length: 1", "content-length: 2")}a`)],
  ])("is a protocol failure: %s", async (_what, answer) => {
    expect(await exchangeWith(answer)).toEqual(broken);
  });

  it("is a reset when the receiver hangs up in the middle of the head", async () => {
    const answer: Answer = (socket) => socket.end("HTTP/1.1 200 OK\r\nx-half: ");
    expect(await exchangeWith(answer)).toEqual({ kind: "failed", reason: "reset" });
  });

  it("is a reset when the receiver hangs up without a word", async () => {
    expect(await exchangeWith((socket) => socket.end())).toEqual({ kind: "failed", reason: "reset" });
  });
});

describe("requests that cannot be sent", () => {
  it.each([
    "",
    "nonsense",
    "http://",
    "http://127.0.0.1:6379/",
    "ftp://127.0.0.1/",
    "http://127.0.0.1:3000/#x",
  ])("is blocked, not thrown: %j", async (url) => {
    expect(await openTransport().post(postTo(url))).toEqual({ kind: "blocked", reason: "blocked_url" });
  });

  it.each([
    { "x-a": "a\r\nx-b: c" },
    { "bad name": "a" },
    { "content-length": "1" },
    { upgrade: "websocket" },
  ])("fails as protocol, and nothing is sent: %j", async (headers) => {
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(200)));
    expect(await openTransport().post(postTo(receiver.url, { headers }))).toEqual(broken);
    expect(receiver.requests).toHaveLength(0);
  });
});
