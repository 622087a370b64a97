/** Receivers behind a proxy: what is asked of it, what stays as it is without one, and whose fault a failure is. */
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Lookup } from "../../src/deliver/resolver.ts";
import { answers, authority, NAME, PUBLIC, through } from "../support/behind-proxy.ts";
import { type Routing, startConnectProxy } from "../support/connect-proxy.ts";
import { plainAnswer } from "../support/raw-receiver.ts";
import { loopbackPolicy, openThings, postTo } from "../support/transports.ts";

const things = openThings();
const { receiver: startReceiver, keep, closeAll } = things;
afterEach(closeAll);

const PUBLIC_V6 = "2606:4700:4700::1111";
const ok = (socket: Socket) => socket.write(plainAnswer(200));
const startProxy = async (...given: Parameters<typeof startConnectProxy>) =>
  keep(await startConnectProxy(...given));

/** A TLS receiver of that name, and a proxy that takes every address for it. */
async function behindProxy(credentials: string | null = null) {
  const receiver = await startReceiver(ok, authority.issue(NAME));
  const proxy = await startProxy(() => ({ port: receiver.port }), { credentials });
  return { receiver, proxy };
}

describe("a receiver behind a proxy", () => {
  it("is asked for by an address that was checked here, and knows nothing of it", async () => {
    const { receiver, proxy } = await behindProxy();
    const transport = things.transport(through(proxy.url));
    expect(await transport.post(postTo(`https://${NAME}/hooks`))).toMatchObject({ status: 200 });
    expect(proxy.asked).toEqual([{ authority: `${PUBLIC}:443`, headers: { host: `${PUBLIC}:443` } }]);
    const [{ head } = { head: "" }] = receiver.requests;
    expect(head).toMatch(/^POST \/hooks HTTP\/1\.1\r\nhost: hooks\.acme-corp\.com\r\n/);
    expect(head).not.toMatch(/proxy/i);
  });

  it("by plain http is reached by a tunnel as well, and by the port of its URL", async () => {
    const receiver = await startReceiver(ok);
    const proxy = await startProxy(() => ({ port: receiver.port }));
    const transport = things.transport(through(proxy.url));
    expect(await transport.post(postTo(`http://${NAME}:8080/hooks`))).toMatchObject({ status: 200 });
    expect(proxy.asked.map((one) => one.authority)).toEqual([`${PUBLIC}:8080`]);
    expect(receiver.requests[0]?.head).toMatch(
      /^POST \/hooks HTTP\/1\.1\r\nhost: hooks\.acme-corp\.com:8080\r\n/,
    );
  });

  it("has its tunnel used again", async () => {
    for (const certificate of [authority.issue(NAME), undefined]) {
      const receiver = await startReceiver(ok, certificate);
      const proxy = await startProxy(() => ({ port: receiver.port }));
      const transport = things.transport({ ...through(proxy.url), connectionsPerOrigin: 1 });
      const url = `${certificate === undefined ? "http" : "https"}://${NAME}/`;
      for (let count = 0; count < 3; count += 1)
        expect(await transport.post(postTo(url))).toMatchObject({ status: 200 });
      expect(proxy.asked).toHaveLength(1);
    }
  });

  it("is sent to once more where a kept tunnel turns out to be stale, and only then", async () => {
    const handled: string[] = [];
    const receiver = await startReceiver((socket, { ordinal, body }) => {
      if (ordinal > 1 || body === "lost") return socket.resetAndDestroy();
      handled.push(body);
      return socket.write(plainAnswer(200));
    });
    const proxy = await startProxy(() => ({ port: receiver.port }));
    const transport = things.transport({ ...through(proxy.url), connectionsPerOrigin: 1 });
    for (const body of ["1", "2"])
      expect(await transport.post(postTo(`http://${NAME}/`, { body }))).toMatchObject({ status: 200 });
    expect(handled).toEqual(["1", "2"]);
    expect(await transport.post(postTo("http://other.acme-corp.com/", { body: "lost" }))).toEqual({
      kind: "failed",
      reason: "reset",
    });
    expect(receiver.requests.filter(({ body }) => body === "lost")).toHaveLength(1);
  });

  it("is sent no redirect's way", async () => {
    const receiver = await startReceiver((socket) =>
      socket.write(plainAnswer(302, "", ["location: https://elsewhere.acme-corp.com/"])),
    );
    const proxy = await startProxy(() => ({ port: receiver.port }));
    const transport = things.transport(through(proxy.url));
    expect(await transport.post(postTo(`http://${NAME}/`))).toMatchObject({ status: 302 });
    expect(proxy.asked).toHaveLength(1);
  });

  it("is refused with a certificate for another name, before anything is sent", async () => {
    const receiver = await startReceiver(ok, authority.issue("other.acme-corp.com"));
    const proxy = await startProxy(() => ({ port: receiver.port }));
    const report = await things.probe(through(proxy.url)).send(postTo(`https://${NAME}/`));
    expect(report).toMatchObject({ exchange: { reason: "tls" }, detail: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(receiver.requests).toHaveLength(0);
  });

  it("has the times of its parts told by a test", async () => {
    const { proxy } = await behindProxy();
    const { exchange, timings } = await things.probe(through(proxy.url)).send(postTo(`https://${NAME}/`));
    expect(exchange).toMatchObject({ status: 200 });
    for (const ms of [timings.dnsMs, timings.connectMs, timings.tlsMs, timings.firstByteMs])
      expect(ms).toBeGreaterThanOrEqual(0);
  });
});

describe("the guard before a proxy", () => {
  it.each([
    ["a private address", ["10.0.0.1"]],
    ["a metadata service", ["169.254.169.254"]],
    ["loopback, which would be the proxy's own", ["127.0.0.1"]],
    ["a public and a private address", [PUBLIC, "192.168.0.1"]],
  ])("refuses a name that resolves to %s, and asks the proxy for nothing", async (_what, addresses) => {
    const { proxy } = await behindProxy();
    const transport = things.transport(through(proxy.url, answers(...addresses)));
    const blocked = { kind: "blocked", reason: "blocked_destination" };
    expect(await transport.post(postTo(`https://${NAME}/`))).toEqual(blocked);
    expect(await transport.post(postTo(`https://${addresses.at(-1)}/`))).toEqual(blocked);
    expect(proxy.asked).toEqual([]);
    expect(proxy.openCount()).toBe(0);
  });

  it("asks again for each tunnel, so that a rebound name is refused", async () => {
    const receiver = await startReceiver((socket) => socket.end(plainAnswer(200, "", ["connection: close"])));
    const proxy = await startProxy(() => ({ port: receiver.port }));
    const turns = [answers(PUBLIC), answers("169.254.169.254")];
    const lookup: Lookup = (...asked) => turns.shift()?.(...asked) ?? Promise.resolve([]);
    const transport = things.transport(through(proxy.url, lookup));
    expect(await transport.post(postTo(`http://${NAME}/`))).toMatchObject({ status: 200 });
    expect(await transport.post(postTo(`http://${NAME}/`))).toMatchObject({ kind: "blocked" });
    expect(proxy.asked).toHaveLength(1);
  });

  it("lets the proxy itself be where the operator says, by its name, too", async () => {
    const { proxy } = await behindProxy();
    const lookup: Lookup = (name, signal) =>
      answers(name === "proxy.corp.example" ? "127.0.0.1" : PUBLIC)(name, signal);
    const transport = things.transport(through(`http://proxy.corp.example:${proxy.port}`, lookup));
    expect(await transport.post(postTo(`https://${NAME}/`))).toMatchObject({ status: 200 });
  });
});

describe("receivers that are excepted", () => {
  it.each([
    ["is called directly where all its addresses are", ["127.0.0.2", "127.0.0.1"], 0],
    ["is called through the proxy where one is not", ["127.0.0.1", "127.1.0.1"], 1],
  ])("one %s", async (_what, addresses, tunnels) => {
    const receiver = await startReceiver(ok);
    const proxy = await startProxy(() => ({ port: receiver.port }));
    const options = through(proxy.url, answers(...addresses), ["127.0.0.0/16"]);
    const transport = things.transport({ ...options, policy: loopbackPolicy });
    const url = `http://${NAME}:${receiver.port}/`;
    expect(await transport.post(postTo(url))).toMatchObject({ status: 200 });
    expect(proxy.asked).toHaveLength(tunnels);
  });

  it("are refused all the same where they are not open to deliveries", async () => {
    const { proxy } = await behindProxy();
    const transport = things.transport(through(proxy.url, answers("10.0.0.1"), ["10.0.0.0/8"]));
    expect(await transport.post(postTo(`https://${NAME}/`))).toMatchObject({ kind: "blocked" });
  });
});

describe("several addresses of a receiver", () => {
  const tried = async (routing: Routing, ...addresses: readonly string[]) => {
    const proxy = await startProxy(routing);
    const exchange = await things
      .transport(through(proxy.url, answers(...addresses)))
      .post(postTo(`http://${NAME}/`));
    return { exchange, asked: proxy.asked.map((one) => one.authority) };
  };

  it("are asked for one after the other until one is reached, the families by turns", async () => {
    const receiver = await startReceiver(ok);
    const onlyIpv4: Routing = (at) => (at.startsWith("[") ? { status: 503 } : { port: receiver.port });
    const six = [PUBLIC_V6, "2606:4700:4700::1112", "2606:4700:4700::1113"];
    expect(await tried(onlyIpv4, ...six, PUBLIC)).toMatchObject({
      exchange: { status: 200 },
      asked: [`[${PUBLIC_V6}]:80`, `${PUBLIC}:80`],
    });
  });

  it("do not wait for one that is never answered for", async () => {
    const receiver = await startReceiver(ok);
    const onlyIpv4: Routing = (at) => (at.startsWith("[") ? "silent" : { port: receiver.port });
    expect(await tried(onlyIpv4, PUBLIC_V6, PUBLIC)).toMatchObject({ exchange: { status: 200 } });
  });

  it("are three at the most", async () => {
    const many = Array.from({ length: 9 }, (_, at) => `93.184.216.${at + 1}`);
    const { exchange, asked } = await tried(() => ({ status: 502 }), ...many);
    expect(exchange).toEqual({ kind: "failed", reason: "connect" });
    expect(asked).toEqual(many.slice(0, 3).map((address) => `${address}:80`));
  });
});

describe("the user that the proxy asks for", () => {
  const credentials = `Basic ${Buffer.from("svc:pa:ss@wörd").toString("base64")}`;
  const userInfo = `svc:${encodeURIComponent("pa:ss@wörd")}`;

  it("is sent to the proxy, and to nobody else", async () => {
    const { receiver, proxy } = await behindProxy(credentials);
    const transport = things.transport(through(proxy.url.replace("//", `//${userInfo}@`)));
    expect(await transport.post(postTo(`https://${NAME}/`))).toMatchObject({ status: 200 });
    expect(proxy.asked[0]?.headers["proxy-authorization"]).toBe(credentials);
    expect(receiver.requests[0]?.head).not.toContain(credentials);
  });

  it.each([
    ["missing", ""],
    ["wrong", "svc:hunter2@"],
  ])("is our own failure where it is %s, and stays unsaid", async (_how, user) => {
    const { receiver, proxy } = await behindProxy(credentials);
    const url = proxy.url.replace("//", `//${user}`);
    for (const send of [things.transport(through(url)).post, things.probe(through(url)).send]) {
      const error = await send(postTo(`https://${NAME}/`)).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: "PROXY_UNAVAILABLE", got: expect.stringContaining("407") });
      const said = JSON.stringify([error, String(error), error instanceof Error && error.stack]);
      for (const hidden of ["hunter2", "c3ZjOm", proxy.url.slice(7)]) expect(said).not.toContain(hidden);
    }
    expect(receiver.connectionCount()).toBe(0);
  });
});
