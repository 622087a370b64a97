import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { plainAnswer } from "../support/raw-receiver.ts";
import { openThings, postTo } from "../support/transports.ts";
import { until } from "../support/until.ts";

const { receiver: startReceiver, transport: openTransport, closeAll } = openThings();
afterEach(() => {
  vi.unstubAllEnvs();
  return closeAll();
});

describe("an ordinary exchange", () => {
  it("sends the headers and the body's bytes as they were given", async () => {
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(200, "ok")));
    const body = '{"n":12345678901234567890,"s":"\\u00e9"}';
    await openTransport().post(postTo(`${receiver.url}/a?b=c%20d`, { body }));
    const [request] = receiver.requests;
    expect(request?.head).toMatch(/^POST \/hooks\/a\?b=c%20d HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
    expect(request?.head).toContain("\r\nwebhook-id: evt_1\r\n");
    expect(request?.body).toBe(body);
  });

  it.each([200, 204, 400, 410, 429, 500, 503])("answers with status %i as it came", async (status) => {
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(status)));
    const exchange = await openTransport().post(postTo(receiver.url));
    expect(exchange).toEqual({
      kind: "answered",
      status,
      retryAfter: undefined,
      instruction: undefined,
      excerpt: "",
    });
  });

  it("hands on Retry-After, the receiver's instruction and the body's beginning", async () => {
    const headers = ["Retry-After: 7", "Webhook-Delivery: disable"];
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(503, "sorry", headers)));
    const exchange = await openTransport().post(postTo(receiver.url));
    expect(exchange).toMatchObject({ retryAfter: "7", instruction: "disable", excerpt: "sorry" });
  });

  it("follows no redirect", async () => {
    const elsewhere = await startReceiver((socket) => socket.write(plainAnswer(200)));
    const receiver = await startReceiver((socket) =>
      socket.write(plainAnswer(302, "", [`location: ${elsewhere.url}`])),
    );
    expect(await openTransport().post(postTo(receiver.url))).toMatchObject({ status: 302 });
    expect(elsewhere.connectionCount()).toBe(0);
  });

  it("does not decode a compressed body", async () => {
    const zipped = gzipSync("hello");
    const receiver = await startReceiver((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zipped.length}\r\n\r\n`);
      socket.write(zipped);
    });
    expect(await openTransport().post(postTo(receiver.url))).toMatchObject({ excerpt: zipped.toString() });
  });

  it("replaces what is not UTF-8 in the excerpt", async () => {
    const receiver = await startReceiver((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n");
      socket.write(Buffer.from([0x61, 0xff, 0x62]));
    });
    expect(await openTransport().post(postTo(receiver.url))).toMatchObject({ excerpt: "a\ufffdb" });
  });

  it("waits for a final answer when interim ones come first", async () => {
    const receiver = await startReceiver((socket) =>
      socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n${plainAnswer(201)}`),
    );
    expect(await openTransport().post(postTo(receiver.url))).toMatchObject({ status: 201 });
  });

  it("pays no attention to proxy variables", async () => {
    const proxy = await startReceiver((socket) => socket.write(plainAnswer(502)));
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(200)));
    for (const name of ["http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) vi.stubEnv(name, proxy.url);
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");
    expect(await openTransport().post(postTo(receiver.url))).toMatchObject({ status: 200 });
    expect(proxy.connectionCount()).toBe(0);
  });
});

describe("connections", () => {
  it("uses one connection again for the next post", async () => {
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(200)));
    const transport = openTransport({ connectionsPerOrigin: 1 });
    for (let count = 0; count < 3; count += 1) await transport.post(postTo(receiver.url));
    expect(receiver.connectionCount()).toBe(1);
  });

  it("answers many concurrent posts over no more connections than allowed", async () => {
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(200)));
    const transport = openTransport({ connectionsPerOrigin: 8 });
    const posts = Array.from({ length: 500 }, () => transport.post(postTo(receiver.url)));
    const statuses = (await Promise.all(posts)).map((exchange) => "status" in exchange && exchange.status);
    expect(statuses).toEqual(Array(500).fill(200));
    expect(receiver.connectionCount()).toBeLessThanOrEqual(8);
  });

  it("goes without keep-alive past the number of origins it may keep", async () => {
    const first = await startReceiver((socket) => socket.write(plainAnswer(200)));
    const second = await startReceiver((socket) => socket.write(plainAnswer(200)));
    const transport = openTransport({ maxOrigins: 1 });
    await transport.post(postTo(first.url));
    expect(await transport.post(postTo(second.url))).toMatchObject({ status: 200 });
    expect(second.requests[0]?.head).toContain("connection: close");
  });

  it("lets what is under way finish on close, and leaves nothing open", async () => {
    const waiting: (() => void)[] = [];
    const receiver = await startReceiver((socket) => waiting.push(() => socket.write(plainAnswer(200))));
    const transport = openTransport();
    const post = transport.post(postTo(receiver.url));
    await until("they have come", () => waiting.length === 1);
    const closing = transport.close();
    waiting[0]?.();
    expect(await post).toMatchObject({ status: 200 });
    await closing;
    await until("its connection is closed", () => receiver.openCount() === 0);
  });

  it("rejects what is open when it is abandoned: giving up is our doing, not the receiver's", async () => {
    const receiver = await startReceiver(() => undefined);
    const transport = openTransport();
    const open = transport.post(postTo(receiver.url));
    await until("they have come", () => receiver.requests.length === 1);
    const refused = expect(open).rejects.toMatchObject({ code: "CLOSED" });
    await transport.abandon();
    await refused;
  });

  it("rejects a post after close: that is our failure, not the receiver's", async () => {
    const transport = openTransport();
    await transport.close();
    await expect(transport.post(postTo("http://127.0.0.1:3000/"))).rejects.toMatchObject({ code: "CLOSED" });
  });
});

describe("a connection that went stale", () => {
  /** Answers the first request of each connection and resets on the next, as if it had closed just before. */
  const forgetful = () => {
    const handled: string[] = [];
    const start = startReceiver((socket, { ordinal, body }) => {
      if (ordinal > 1) return socket.resetAndDestroy();
      handled.push(body);
      return socket.write(plainAnswer(200));
    });
    return { handled, start };
  };

  it("is replaced at once: the receiver handles each body exactly once", async () => {
    const { handled, start } = forgetful();
    const receiver = await start;
    const transport = openTransport({ connectionsPerOrigin: 1 });
    for (const body of ["1", "2", "3"]) {
      expect(await transport.post(postTo(receiver.url, { body }))).toMatchObject({ status: 200 });
    }
    expect(handled).toEqual(["1", "2", "3"]);
  });

  /** A kept connection whose reset lies in the kernel, not yet noticed here. */
  const keepThenReset = async () => {
    const sockets: Socket[] = [];
    const receiver = await startReceiver((socket) => {
      sockets.push(socket);
      socket.write(plainAnswer(200));
    });
    const transport = openTransport({ connectionsPerOrigin: 1, now: () => 60_000 + performance.now() });
    await transport.post(postTo(receiver.url));
    // From the check phase, the event loop polls sockets before it comes to anything started now.
    await new Promise(setImmediate);
    // It ends its side first, and would read meanwhile what is sent to it.
    sockets[0]?.pause().resetAndDestroy();
    return { receiver, transport };
  };

  it("is replaced when it broke before anything was sent", async () => {
    const { receiver, transport } = await keepThenReset();
    expect(await transport.post(postTo(receiver.url))).toMatchObject({ status: 200 });
    expect(receiver.requests).toHaveLength(2);
  });

  it("is not replaced once the deadline has passed", async () => {
    const { receiver, transport } = await keepThenReset();
    const post = transport.post(postTo(receiver.url, { timeoutMs: 1 }));
    const blockedUntil = performance.now() + 5;
    while (performance.now() < blockedUntil);
    expect(await post).toEqual({ kind: "failed", reason: "timeout" });
    await transport.close();
    expect(receiver.requests).toHaveLength(1);
  });

  it("is not replaced when it breaks later than a second after sending", async () => {
    const receiver = await forgetful().start;
    let clockMs = 0;
    const transport = openTransport({ connectionsPerOrigin: 1, now: () => (clockMs += 1_001) });
    await transport.post(postTo(receiver.url));
    expect(await transport.post(postTo(receiver.url))).toEqual({ kind: "failed", reason: "reset" });
  });

  it("is not replaced once an answer has begun", async () => {
    const receiver = await startReceiver((socket, { ordinal }) => {
      if (ordinal === 1) socket.write(plainAnswer(200));
      else socket.end("HTTP/1.1 2");
    });
    const transport = openTransport({ connectionsPerOrigin: 1 });
    await transport.post(postTo(receiver.url));
    expect(await transport.post(postTo(receiver.url))).toEqual({ kind: "failed", reason: "reset" });
    expect(receiver.requests).toHaveLength(2);
  });

  it("is replaced once only: a receiver that resets every time gets two requests in all", async () => {
    let isDown = false;
    const receiver = await startReceiver((socket) => {
      if (isDown) socket.resetAndDestroy();
      else socket.write(plainAnswer(200));
    });
    const transport = openTransport({ connectionsPerOrigin: 1 });
    await transport.post(postTo(receiver.url));
    isDown = true;
    expect(await transport.post(postTo(receiver.url))).toEqual({ kind: "failed", reason: "reset" });
    expect(receiver.requests).toHaveLength(3);
  });

  it("does not excuse a reset on a fresh connection", async () => {
    const receiver = await startReceiver((socket) => socket.resetAndDestroy());
    expect(await openTransport().post(postTo(receiver.url))).toEqual({ kind: "failed", reason: "reset" });
    expect(receiver.requests).toHaveLength(1);
  });
});
