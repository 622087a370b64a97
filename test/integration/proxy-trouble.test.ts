/** Whose fault it is that nothing came about through a proxy: the proxy's, which is ours, or the receiver's. */
import type { Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Lookup } from "../../src/deliver/resolver.ts";
import { NAME, PUBLIC, through } from "../support/behind-proxy.ts";
import { startConnectProxy } from "../support/connect-proxy.ts";
import { plainAnswer } from "../support/raw-receiver.ts";
import { openThings, postTo } from "../support/transports.ts";
import { until } from "../support/until.ts";

const things = openThings();
const { receiver: startReceiver, keep, closeAll } = things;
afterEach(closeAll);

const ok = (socket: Socket) => socket.write(plainAnswer(200));
const startProxy = async (...given: Parameters<typeof startConnectProxy>) =>
  keep(await startConnectProxy(...given));

describe("a proxy that is in trouble", () => {
  const unavailable = (got: string) => ({ code: "PROXY_UNAVAILABLE", got });
  const closing = (answer: string) => (socket: Socket) => socket.end(answer);

  it("is no exchange with a receiver where nobody listens there", async () => {
    const proxy = await startConnectProxy();
    await proxy.close();
    const options = through(proxy.url);
    const request = postTo(`https://${NAME}/`);
    await expect(things.transport(options).post(request)).rejects.toMatchObject(unavailable("ECONNREFUSED"));
    await expect(things.probe(options).send(request)).rejects.toMatchObject(unavailable("ECONNREFUSED"));
  });

  it.each([
    ["ends the connection", "", "the end of the connection instead of an answer"],
    ["is no proxy", "SSH-2.0-OpenSSH_9.6\r\n", "an answer that is not HTTP/1.1"],
    [
      "says no end of its headers",
      `HTTP/1.1 200 OK\r\nx: ${"x".repeat(20_000)}`,
      "an answer that is not HTTP/1.1",
    ],
  ])("is not either where what listens %s", async (_what, answer, got) => {
    const proxy = await startReceiver(closing(answer));
    const url = new URL(proxy.url).origin;
    await expect(things.transport(through(url)).post(postTo(`https://${NAME}/`))).rejects.toMatchObject(
      unavailable(got),
    );
  });

  it("is not either where its name has no address", async () => {
    const lookup: Lookup = (name) =>
      name === NAME
        ? Promise.resolve([{ address: PUBLIC, family: 4 }])
        : Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    const transport = things.transport(through("http://proxy.corp.example:3128", lookup));
    await expect(transport.post(postTo(`https://${NAME}/`))).rejects.toMatchObject(
      unavailable("no address for its name"),
    );
  });

  it.each([
    ["of an endpoint, before which nothing came about", 1_000, 2_000],
    ["of connecting", 10_000, 1_000],
  ])(
    "is not either where it answers nobody, and ends by the deadline %s",
    async (_what, timeoutMs, connectTimeoutMs) => {
      const frozen = await startReceiver(() => undefined);
      const url = new URL(frozen.url).origin;
      const startedAt = performance.now();
      const transport = things.transport({ ...through(url), connectTimeoutMs });
      await expect(transport.post(postTo(`https://${NAME}/`, { timeoutMs }))).rejects.toMatchObject(
        unavailable("no answer from it"),
      );
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      await vi.waitFor(() => expect(frozen.openCount()).toBe(0), { timeout: 5_000 });
    },
  );

  it("is what broke off an exchange when it is gone, and not when it is there", async () => {
    const receiver = await startReceiver((socket, { body }) =>
      body === "break" ? socket.resetAndDestroy() : undefined,
    );
    const proxy = await startProxy(() => ({ port: receiver.port }));
    const transport = things.transport(through(proxy.url));
    const url = `http://${NAME}/`;
    expect(await transport.post(postTo(url, { body: "break" }))).toEqual({ kind: "failed", reason: "reset" });
    const waiting = transport.post(postTo(url));
    const refused = expect(waiting).rejects.toMatchObject(unavailable("ECONNREFUSED"));
    await until("they have come", () => receiver.requests.length === 2);
    await proxy.close();
    await refused;
  });
});

describe("a receiver that the proxy does not connect to", () => {
  it.each([403, 502, 503, 504])("is the one that is out of reach, at status %i", async (status) => {
    const proxy = await startProxy(() => ({ status }));
    const options = through(proxy.url);
    const failed = { kind: "failed", reason: "connect" };
    expect(await things.transport(options).post(postTo(`https://${NAME}/`))).toEqual(failed);
    expect(await things.probe(options).send(postTo(`https://${NAME}/`))).toMatchObject({
      exchange: failed,
      detail: `PROXY_${status}`,
    });
    await until("its connection is closed", () => proxy.openCount() === 0);
  });

  it("is so too where the proxy answers others and for it never, in time", async () => {
    const proxy = await startProxy(() => "silent");
    const options = { ...through(proxy.url), connectTimeoutMs: 1_000 };
    expect(await things.probe(options).send(postTo(`https://${NAME}/`))).toMatchObject({
      exchange: { kind: "failed", reason: "connect" },
      detail: "PROXY_SILENT",
    });
    const impatient = postTo(`https://${NAME}/`, { timeoutMs: 800 });
    const patient = { ...options, connectTimeoutMs: 8_000 };
    expect(await things.transport(patient).post(impatient)).toEqual({
      kind: "failed",
      reason: "timeout",
    });
    await until("its connection is closed", () => proxy.openCount() === 0);
  });

  it("keeps nobody else waiting", async () => {
    const receiver = await startReceiver(ok);
    const proxy = await startProxy((at) => (at.endsWith(":8081") ? "silent" : { port: receiver.port }));
    const transport = things.transport({ ...through(proxy.url), connectTimeoutMs: 1_000 });
    const silent = Array.from({ length: 20 }, () => transport.post(postTo(`http://${NAME}:8081/`)));
    expect(await transport.post(postTo(`http://${NAME}/`))).toMatchObject({ status: 200 });
    await Promise.all(silent);
  });
});
