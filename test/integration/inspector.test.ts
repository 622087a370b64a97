/** The probe against real sockets: what it measures, what it calls a failure, and what it never gives away. */
import type { Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Lookup } from "../../src/deliver/resolver.ts";
import { createAuthority, selfSigned } from "../support/certificates.ts";
import { plainAnswer, startRawReceiver } from "../support/raw-receiver.ts";
import { startReceiver as startHttpReceiver } from "../support/receiver.ts";
import { openThings, postTo, publicPolicy } from "../support/transports.ts";
import { until } from "../support/until.ts";

const { receiver: startReceiver, probe: openDirectSender, closeAll } = openThings();
afterEach(closeAll);

const NAME = "hooks.acme-corp.com";
const authority = createAuthority();
const ok = (socket: Socket) => socket.write(plainAnswer(200, "fine"));
const toLoopback: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);

describe("what a probe measures", () => {
  it("times name resolution, connection, handshake and the wait for an answer, each by itself", async () => {
    // Its clock goes on only where this test lets it, so that each of them is exactly what it is.
    let clockMs = 0;
    const receiver = await startReceiver((socket) => {
      clockMs += 150;
      ok(socket);
    }, authority.issue(NAME));
    const slowLookup: Lookup = async (...asked) => {
      clockMs += 80;
      return await toLoopback(...asked);
    };
    const probe = openDirectSender({ lookup: slowLookup, ca: authority.cert, now: () => clockMs });

    const { exchange, timings } = await probe.send(postTo(`https://${NAME}:${receiver.port}/`));

    expect(exchange).toMatchObject({ kind: "answered", status: 200, excerpt: "fine" });
    expect(timings).toEqual({ dnsMs: 80, connectMs: 0, tlsMs: 0, firstByteMs: 150, totalMs: 230 });
  });

  it("by a real clock they are in all no more than the whole", async () => {
    const receiver = await startReceiver(ok, authority.issue(NAME));
    const probe = openDirectSender({ lookup: toLoopback, ca: authority.cert });

    const { timings } = await probe.send(postTo(`https://${NAME}:${receiver.port}/`));

    const { dnsMs, connectMs, tlsMs, firstByteMs, totalMs } = timings;
    expect(tlsMs).toBeGreaterThan(0);
    const sum = [dnsMs, connectMs, tlsMs, firstByteMs].reduce<number>((total, one) => total + (one ?? 0), 0);
    expect(totalMs).toBeGreaterThanOrEqual(sum - 0.5);
  });

  it("has nothing to say of resolving a literal address or of securing plain http", async () => {
    const receiver = await startReceiver(ok);
    const { timings } = await openDirectSender().send(postTo(receiver.url));
    expect(timings).toMatchObject({ dnsMs: null, tlsMs: null });
    expect(timings.connectMs).toBeGreaterThanOrEqual(0);
  });

  it("takes a fresh connection each time and leaves none open", async () => {
    const receiver = await startReceiver(ok);
    const probe = openDirectSender();
    await probe.send(postTo(receiver.url));
    await probe.send(postTo(receiver.url));
    expect(receiver.connectionCount()).toBe(2);
    await until("its connection is closed", () => receiver.openCount() === 0);
  });

  it("does not stay for a body once it has seen enough of it", async () => {
    const receiver = await startReceiver((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
      socket.write("x".repeat(20_000));
    });
    const { exchange } = await openDirectSender().send(postTo(receiver.url));
    expect(exchange).toMatchObject({ status: 200, excerpt: "x".repeat(16_384) });
    // The transport would stay for a second, to keep the connection.
    await vi.waitFor(() => expect(receiver.openCount()).toBe(0), { timeout: 700 });
  });

  it("sends what a delivery would send, and shows the headers of the answer", async () => {
    const headers = ["X-Request-Id: r-1", "Set-Cookie: a=1", "Set-Cookie: b=2"];
    const receiver = await startReceiver((socket) => socket.write(plainAnswer(422, "no", headers)));
    const report = await openDirectSender().send(
      postTo(receiver.url, { body: '{"n":12345678901234567890}' }),
    );
    expect(receiver.requests[0]?.body).toBe('{"n":12345678901234567890}');
    expect(report.headers).toMatchObject({ "x-request-id": "r-1", "set-cookie": "a=1, b=2" });
    expect(report.detail).toBeNull();
  });
});

describe("what a probe says of a failure", () => {
  const codeError = (code: string): Error => Object.assign(new Error(code), { code });

  it("names a host that does not exist", async () => {
    const lookup: Lookup = () => Promise.reject(codeError("ENOTFOUND"));
    const report = await openDirectSender({ lookup }).send(postTo(`http://${NAME}/`));
    expect(report).toMatchObject({ exchange: { kind: "failed", reason: "dns" }, detail: "ENOTFOUND" });
    expect(report.timings).toMatchObject({ dnsMs: null, connectMs: null, firstByteMs: null });
  });

  it("names a port where nobody listens", async () => {
    const receiver = await startRawReceiver(ok);
    await receiver.close();
    const report = await openDirectSender().send(postTo(receiver.url));
    expect(report).toMatchObject({ exchange: { reason: "connect" }, detail: "ECONNREFUSED" });
  });

  it.each([
    ["vouches for itself", selfSigned(NAME), "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["comes from nobody known", authority.issue(NAME), "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ])("names a certificate that %s", async (_what, certificate, detail) => {
    const receiver = await startReceiver(ok, certificate);
    const report = await openDirectSender({ lookup: toLoopback }).send(
      postTo(`https://${NAME}:${receiver.port}/`),
    );
    expect(report).toMatchObject({ exchange: { reason: "tls" }, detail, timings: { tlsMs: null } });
    expect(receiver.requests).toHaveLength(0);
  });

  it.each([
    ["has expired", authority.issue(NAME, { endsInDays: -1 }), "CERT_HAS_EXPIRED"],
    ["is for another name", authority.issue("other.acme-corp.com"), "ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("names a certificate that %s", async (_what, certificate, detail) => {
    const receiver = await startReceiver(ok, certificate);
    const probe = openDirectSender({ lookup: toLoopback, ca: authority.cert });
    const report = await probe.send(postTo(`https://${NAME}:${receiver.port}/`));
    expect(report).toMatchObject({ exchange: { reason: "tls" }, detail });
  });

  it("names a port that speaks plain http", async () => {
    await using receiver = await startHttpReceiver();
    const report = await openDirectSender().send(postTo(receiver.url.replace("http:", "https:")));
    expect(report).toMatchObject({ exchange: { reason: "tls" }, detail: "ERR_SSL_WRONG_VERSION_NUMBER" });
  });

  it("ends at its deadline where nobody answers, and says how far it had come", async () => {
    const receiver = await startReceiver(() => undefined);
    const { exchange, timings } = await openDirectSender().send(postTo(receiver.url, { timeoutMs: 200 }));
    expect(exchange).toEqual({ kind: "failed", reason: "timeout" });
    expect(timings.connectMs).not.toBeNull();
    expect(timings.firstByteMs).toBeNull();
    expect(timings.totalMs).toBeGreaterThanOrEqual(195);
    await until("its connection is closed", () => receiver.openCount() === 0);
  });

  it("says what is wrong with a URL that is refused, and opens nothing", async () => {
    const report = await openDirectSender().send(postTo("http://127.0.0.1:6379/"));
    expect(report).toMatchObject({
      exchange: { kind: "blocked", reason: "blocked_url" },
      detail: "port 6379 is not for webhooks",
    });
  });

  it.each([
    ["::1", { family: "IPv6", cidr: "::1/128" }],
    ["10.11.12.13", { family: "IPv4", cidr: "10.0.0.0/8" }],
  ])(
    "names the network of a refused address and its family, for a name and for a literal: %s",
    async (address, closedNetwork) => {
      const lookup: Lookup = () => Promise.resolve([{ address, family: address.includes(":") ? 6 : 4 }]);
      const named = await openDirectSender({ lookup }).send(postTo(`http://${NAME}/`));
      expect(named).toMatchObject({ exchange: { reason: "blocked_destination" }, closedNetwork });
      const host = address.includes(":") ? `[${address}]` : address;
      const literal = await openDirectSender().send(postTo(`http://${host}/`));
      expect(literal).toMatchObject({ exchange: { reason: "blocked_destination" }, closedNetwork });
    },
  );

  it("keeps to itself where a refused name leads", async () => {
    const lookup: Lookup = () => Promise.resolve([{ address: "10.11.12.13", family: 4 }]);
    const report = await openDirectSender({ policy: publicPolicy, lookup }).send(postTo(`http://${NAME}/`));
    expect(report.exchange).toEqual({ kind: "blocked", reason: "blocked_destination" });
    expect(JSON.stringify(report)).not.toContain("10.11");
  });
});

describe("a probe that is abandoned", () => {
  it("rejects what is open, and everything after: giving up is our doing", async () => {
    const receiver = await startReceiver(() => undefined);
    const probe = openDirectSender();
    const refused = expect(probe.send(postTo(receiver.url))).rejects.toMatchObject({ code: "CLOSED" });
    await until("they have come", () => receiver.requests.length === 1);
    await probe.abandon();
    await refused;
    await expect(probe.send(postTo(receiver.url))).rejects.toMatchObject({ code: "CLOSED" });
  });
});
