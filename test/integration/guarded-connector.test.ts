import type { LookupAddress } from "node:dns";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { originOf } from "../../src/core/origin.ts";
import { createGuardedConnector } from "../../src/deliver/guarded-connector.ts";
import type { Lookup } from "../../src/deliver/resolver.ts";
import { createAuthority } from "../support/certificates.ts";
import { plainAnswer, startRawReceiver } from "../support/raw-receiver.ts";
import { openThings, postTo, publicPolicy } from "../support/transports.ts";
import { until } from "../support/until.ts";

const { receiver: startReceiver, transport: openTransport, closeAll } = openThings();
afterEach(closeAll);

const answers =
  (...addresses: readonly string[]): Lookup =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
const ok = (socket: Socket) => socket.write(plainAnswer(200));
const DAY_MS = 24 * 60 * 60 * 1_000;
const blocked = { kind: "blocked", reason: "blocked_destination" };
const failed = (reason: string) => ({ kind: "failed", reason });

describe("where a name leads", () => {
  it("reaches a name whose every address is allowed", async () => {
    const receiver = await startReceiver(ok);
    const transport = openTransport({ lookup: answers("127.0.0.1") });
    const url = `http://hooks.acme-corp.com:${receiver.port}/`;
    expect(await transport.post(postTo(url))).toMatchObject({ status: 200 });
    expect(receiver.requests[0]?.head).toContain(`host: hooks.acme-corp.com:${receiver.port}`);
  });

  it.each([
    ["loopback", ["127.0.0.1"]],
    ["a metadata service", ["169.254.169.254"]],
    ["a mapped loopback address", ["::ffff:127.0.0.1"]],
    ["a public and a private address", ["93.184.216.34", "127.0.0.1"]],
    ["a private and a public address", ["127.0.0.1", "2606:4700:4700::1111"]],
  ])("refuses a name that resolves to %s", async (_what, addresses) => {
    const receiver = await startReceiver(ok);
    const transport = openTransport({ policy: publicPolicy, lookup: answers(...addresses) });
    const url = `http://hooks.acme-corp.com:${receiver.port}/`;
    expect(await transport.post(postTo(url))).toEqual(blocked);
    expect(receiver.connectionCount()).toBe(0);
  });

  it("refuses the whole answer for one bad address, even where the other is opened", async () => {
    const receiver = await startReceiver(ok);
    const transport = openTransport({ lookup: answers("127.0.0.1", "10.0.0.1") });
    expect(await transport.post(postTo(`http://hooks.acme-corp.com:${receiver.port}/`))).toEqual(blocked);
    expect(receiver.connectionCount()).toBe(0);
  });

  it.each([
    ["::1", "127.0.0.1"],
    ["127.0.0.1", "::1"],
  ])("uses the one that is open where both are this machine: %s and %s", async (...addresses) => {
    const receiver = await startReceiver(ok);
    const transport = openTransport({ lookup: answers(...addresses) });
    expect(await transport.post(postTo(`http://localhost:${receiver.port}/`))).toMatchObject({ status: 200 });
  });

  it.each([
    ["another machine's", ["127.0.0.1", "93.184.216.34", "::1"]],
    ["a private one", ["127.0.0.1", "10.0.0.1"]],
    ["none that is open", ["::1"]],
  ])("refuses an answer with a closed address of this machine and %s", async (_what, addresses) => {
    const receiver = await startReceiver(ok);
    const transport = openTransport({ lookup: answers(...addresses) });
    expect(await transport.post(postTo(`http://localhost:${receiver.port}/`))).toEqual(blocked);
    expect(receiver.connectionCount()).toBe(0);
  });

  it("refuses a literal address in a URL", async () => {
    const transport = openTransport({ policy: publicPolicy });
    expect(await transport.post(postTo("http://127.0.0.1:3000/"))).toEqual(blocked);
    expect(await transport.post(postTo("http://[::1]:3000/"))).toEqual(blocked);
  });

  it("tries the addresses in order until one accepts", async () => {
    const receiver = await startReceiver(ok);
    const transport = openTransport({ lookup: answers("127.0.0.2", "127.0.0.3", "127.0.0.1") });
    const url = `http://hooks.acme-corp.com:${receiver.port}/`;
    expect(await transport.post(postTo(url))).toMatchObject({ status: 200 });
  });

  it("resolves again for each new connection, so that a rebound name is refused", async () => {
    const receiver = await startReceiver((socket) => socket.end(plainAnswer(200, "", ["connection: close"])));
    const turns = [answers("127.0.0.1"), answers("169.254.169.254")];
    const transport = openTransport({
      lookup: (...asked) => turns.shift()?.(...asked) ?? Promise.resolve([]),
    });
    const post = () => transport.post(postTo(`http://hooks.acme-corp.com:${receiver.port}/`));
    expect(await post()).toMatchObject({ status: 200 });
    expect(await post()).toEqual(blocked);
  });
});

describe("the connector by itself", () => {
  const connectTo = (hostname: string, port: number, lookup: Lookup = answers()) => {
    const { connect } = createGuardedConnector({
      policy: publicPolicy,
      connectTimeoutMs: 1_000,
      now: () => performance.now(),
      lookup,
      proxy: null,
    });
    return new Promise((resolve) => {
      connect({ hostname, protocol: "http:", port: String(port) }, (error, socket) =>
        resolve(error ?? socket),
      );
    });
  };

  it("checks a literal address, for which no lookup would ever be asked", async () => {
    const receiver = await startReceiver(ok);
    expect(await connectTo("127.0.0.1", receiver.port)).toMatchObject({ exchange: blocked });
    expect(receiver.connectionCount()).toBe(0);
  });

  it("looks at the peer once more, whatever the answer has become since it was checked", async () => {
    const receiver = await startReceiver(ok);
    let reads = 0;
    const turncoat: LookupAddress = {
      family: 4,
      get address() {
        reads += 1;
        return reads === 1 ? "93.184.216.34" : "127.0.0.1";
      },
    };
    const lookup: Lookup = () => Promise.resolve([turncoat]);
    expect(await connectTo("hooks.acme-corp.com", receiver.port, lookup)).toMatchObject({
      exchange: blocked,
    });
    await until("its connection is closed", () => receiver.openCount() === 0);
    expect(receiver.requests).toHaveLength(0);
  });

  it("says nothing of the resolved address in its error", async () => {
    const error = await connectTo("hooks.acme-corp.com", 3_000, answers("10.11.12.13"));
    expect(String(error)).not.toContain("10.11");
  });
});

describe("connections that do not come about", () => {
  it.each<[string, Lookup]>([
    ["fails", () => Promise.reject(new Error("ENOTFOUND"))],
    ["finds nothing", () => Promise.resolve([])],
    ["never returns", () => new Promise(() => undefined)],
  ])("names dns when resolving %s", async (_how, lookup) => {
    const transport = openTransport({ lookup, connectTimeoutMs: 100 });
    expect(await transport.post(postTo("http://hooks.acme-corp.com/"))).toEqual(failed("dns"));
  });

  it("names connect when nobody listens", async () => {
    const receiver = await startRawReceiver(ok);
    await receiver.close();
    expect(await openTransport().post(postTo(receiver.url))).toEqual(failed("connect"));
  });

  it("names tls when the handshake is never answered, and closes the connection", async () => {
    const receiver = await startReceiver(ok);
    const transport = openTransport({ connectTimeoutMs: 500 });
    const url = receiver.url.replace("http:", "https:");
    expect(await transport.post(postTo(url))).toEqual(failed("tls"));
    await until("its connection is closed", () => receiver.openCount() === 0);
  });
});

describe("TLS", () => {
  const authority = createAuthority();
  const name = "hooks.acme-corp.com";
  const post = async (certificate: { cert: string; key: string }, ca: string | undefined) => {
    const receiver = await startReceiver(ok, certificate);
    const trust = ca === undefined ? {} : { ca };
    const transport = openTransport({ lookup: answers("127.0.0.1"), connectionsPerOrigin: 1, ...trust });
    const url = `https://${name}:${receiver.port}/`;
    const exchanges = [await transport.post(postTo(url)), await transport.post(postTo(url))];
    const endsAt = transport.certificateEnd(originOf({ url }));
    return { exchanges, receiver, endsInMs: endsAt === undefined ? null : endsAt - Date.now() };
  };

  it("delivers to a receiver whose certificate is for the name, over one kept connection", async () => {
    const { exchanges, receiver } = await post(authority.issue(name), authority.cert);
    expect(exchanges).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(receiver.connectionCount()).toBe(1);
  });

  it("remembers when the certificate of an origin ends", async () => {
    const { endsInMs } = await post(authority.issue(name, { endsInDays: 20 }), authority.cert);
    expect(endsInMs).toBeGreaterThan(19 * DAY_MS);
    expect(endsInMs).toBeLessThanOrEqual(20 * DAY_MS);
    expect((await post(authority.issue(name), undefined)).endsInMs).toBeNull();
  });

  it("resends over a fresh connection when a kept one turns out to be stale", async () => {
    const handled: string[] = [];
    const receiver = await startReceiver((socket, { ordinal, body }) => {
      if (ordinal > 1) return socket.destroy();
      handled.push(body);
      return socket.write(plainAnswer(200));
    }, authority.issue(name));
    const transport = openTransport({
      lookup: answers("127.0.0.1"),
      ca: authority.cert,
      connectionsPerOrigin: 1,
    });
    for (const body of ["1", "2"]) {
      const request = postTo(`https://${name}:${receiver.port}/`, { body });
      expect(await transport.post(request)).toMatchObject({ status: 200 });
    }
    expect(handled).toEqual(["1", "2"]);
  });

  it.each([
    ["is for another name", authority.issue("other.acme-corp.com"), authority.cert],
    ["has expired", authority.issue(name, { endsInDays: -1 }), authority.cert],
    ["comes from an authority nobody trusts", authority.issue(name), undefined],
    ["comes from another authority of the same name", createAuthority().issue(name), authority.cert],
  ])(
    "refuses a certificate that %s, before a byte of the request is sent",
    async (_what, certificate, ca) => {
      const { exchanges, receiver } = await post(certificate, ca);
      expect(exchanges).toEqual([failed("tls"), failed("tls")]);
      expect(receiver.requests).toHaveLength(0);
    },
  );
});
