/** The resolver against real name servers on loopback, which answer, delay, refuse and drop as each test tells them. */
import { afterEach, describe, expect, it } from "vitest";
import { type NameReply, startNameServer, type Zone } from "../support/name-server.ts";
import { always, at, openResolvers } from "../support/resolvers.ts";
import { until } from "../support/until.ts";

const { open, closeAll } = openResolvers();
afterEach(closeAll);

describe("what servers say", () => {
  it("is both families' addresses, in the servers' order within each", async () => {
    await using server = await startNameServer(always(at("192.0.2.2", "2001:db8::1", "192.0.2.1")));
    const found = await open([server.address]).find("one.test");
    expect(found.filter((address) => !address.includes(":"))).toEqual(["192.0.2.2", "192.0.2.1"]);
    expect(found).toContain("2001:db8::1");
    expect(server.asked.toSorted()).toEqual(["4 one.test", "6 one.test"]);
  });

  it.each([4, 6])(
    "is enough where it has addresses of family %i and nobody answers for the other",
    async (family) => {
      const address = family === 4 ? "192.0.2.1" : "2001:db8::1";
      await using server = await startNameServer((_, asked) => (asked === family ? at(address) : "never"));
      expect(await open([server.address]).find("one.test")).toEqual([address]);
    },
  );

  it.each<[NameReply, string]>([
    ["nxdomain", "ENOTFOUND"],
    [at(), "ENODATA"],
    ["servfail", "ESERVFAIL"],
    ["refused", "EREFUSED"],
  ])("is told as it is where there is no address: %j", async (reply, code) => {
    await using server = await startNameServer(always(reply));
    await expect(open([server.address]).find("one.test")).rejects.toMatchObject({ code });
  });

  it.each<NameReply>(["servfail", "refused", "never"])(
    "is asked of the next server where the first one says %j",
    async (reply) => {
      await using ill = await startNameServer(always(reply));
      await using well = await startNameServer(always(at("192.0.2.1")));
      expect(await open([ill.address, well.address]).find("one.test")).toEqual(["192.0.2.1"]);
    },
  );

  it("is believed where the first server says that there is no such name", async () => {
    await using first = await startNameServer(always("nxdomain"));
    await using second = await startNameServer(always(at("192.0.2.1")));
    await expect(open([first.address, second.address]).find("one.test")).rejects.toMatchObject({
      code: "ENOTFOUND",
    });
    expect(second.asked).toEqual([]);
  });

  it("is our own failure where no server takes questions", async () => {
    const closed = await startNameServer(always("never"));
    await closed[Symbol.asyncDispose]();
    await expect(open([closed.address]).find("one.test")).rejects.toMatchObject({
      code: "RESOLVER_UNAVAILABLE",
    });
  });
});

describe("what is remembered", () => {
  it("are addresses, for as long as servers say and never longer than five minutes", async () => {
    const zone = (ttl: number): Zone => always({ addresses: ["192.0.2.1"], ttl });
    await using server = await startNameServer(zone(60));
    const { find, later } = open([server.address]);
    const askedAfter = async (ms: number): Promise<boolean> => {
      const before = server.asked.length;
      later(ms);
      await find("one.test");
      return server.asked.length > before;
    };
    expect(await askedAfter(0)).toBe(true);
    expect(await askedAfter(59_000)).toBe(false);
    server.answers(zone(86_400));
    expect(await askedAfter(2_000)).toBe(true);
    expect(await askedAfter(299_000)).toBe(false);
    server.answers(zone(0));
    expect(await askedAfter(2_000)).toBe(true);
    expect(await askedAfter(0)).toBe(true);
  });

  it("are addresses that have run out, for ten minutes more, while servers say nothing", async () => {
    await using server = await startNameServer(always(at("192.0.2.1")));
    const { find, later } = open([server.address]);
    await find("one.test");
    server.answers(always("servfail"));
    later(60_000);
    expect(await find("one.test")).toEqual(["192.0.2.1"]);
    server.answers(always("never"));
    later(500_000);
    expect(await find("one.test")).toEqual(["192.0.2.1"]);
    server.answers(always("servfail"));
    later(100_001);
    await expect(find("one.test")).rejects.toMatchObject({ code: "ESERVFAIL" });
  });

  it("are no addresses any more once servers say that there are none", async () => {
    await using server = await startNameServer(always(at("192.0.2.1")));
    const { find, later } = open([server.address]);
    await find("one.test");
    server.answers(always("nxdomain"));
    later(60_000);
    await expect(find("one.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
    server.answers(always("servfail"));
    later(2_000);
    await expect(find("one.test")).rejects.toMatchObject({ code: "ESERVFAIL" });
  });

  it("is a failure, for a second at first and twice as long each time, until there is an address", async () => {
    await using server = await startNameServer(always("nxdomain"));
    const { find, later } = open([server.address]);
    const fails = () => expect(find("one.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
    await fails();
    later(999);
    await fails();
    expect(server.asked).toHaveLength(2);
    later(1);
    await fails();
    expect(server.asked).toHaveLength(4);
    later(1_999);
    await fails();
    expect(server.asked).toHaveLength(4);
    server.answers(always(at("192.0.2.1")));
    later(1);
    expect(await find("one.test")).toEqual(["192.0.2.1"]);
  });
});

describe("a look-up", () => {
  it("is joined by all who ask meanwhile", async () => {
    await using server = await startNameServer(always({ addresses: ["192.0.2.1"], ttl: 0, afterMs: 50 }));
    const { find } = open([server.address]);
    const found = await Promise.all(Array.from({ length: 50 }, () => find("one.test")));
    expect(new Set(found.flat())).toEqual(new Set(["192.0.2.1"]));
    expect(server.asked).toHaveLength(2);
  });

  it("ends once everybody who waited for it has left, and is nobody's failure", async () => {
    await using server = await startNameServer(always("never"));
    const { lookup, find } = open([server.address]);
    const leaving = [new AbortController(), new AbortController()];
    const ended = leaving.map(({ signal }) =>
      expect(lookup("one.test", signal)).rejects.toMatchObject({ code: "ECANCELLED" }),
    );
    await until("it is under way", () => server.asked.length === 2);
    for (const one of leaving) one.abort();
    await Promise.all(ended);
    server.answers(always(at("192.0.2.1")));
    expect(await find("one.test")).toEqual(["192.0.2.1"]);
  });

  it("goes on while somebody waits for it", async () => {
    await using server = await startNameServer(always({ addresses: ["192.0.2.1"], afterMs: 100 }));
    const { lookup, find } = open([server.address]);
    const leaving = new AbortController();
    const left = lookup("one.test", leaving.signal);
    const stays = find("one.test");
    await until("it is under way", () => server.asked.length === 2);
    leaving.abort();
    expect(await stays).toEqual(["192.0.2.1"]);
    await left;
  });

  it("ends when the resolver is closed", async () => {
    await using server = await startNameServer(always("never"));
    const { find, close } = open([server.address]);
    const ended = expect(find("one.test")).rejects.toMatchObject({ code: "ECANCELLED" });
    await until("it is under way", () => server.asked.length === 2);
    close();
    await ended;
  });

  it("asks nobody for a name under .invalid", async () => {
    await using server = await startNameServer(always(at("192.0.2.1")));
    await expect(open([server.address]).find("one.invalid")).rejects.toMatchObject({ code: "ENOTFOUND" });
    expect(server.asked).toEqual([]);
  });
});

describe("names that no server answers for", () => {
  it("are given up in time", async () => {
    await using server = await startNameServer(always({ addresses: ["192.0.2.1"], afterMs: 800 }));
    const { find } = open([server.address], { lookupMs: 100 });
    await expect(find("one.test")).rejects.toMatchObject({ code: "ETIMEOUT" });
  });

  const zone: Zone = (name) => (name.startsWith("dead") ? "never" : at("192.0.2.1"));
  const dead = (count: number) => Array.from({ length: count }, (_, n) => `dead-${n}.test`);

  it("let a name through that is new, though two hundred of them came before it and none has ended", async () => {
    await using server = await startNameServer(zone);
    const bounds = { startWithinMs: 60_000 };
    const { find, close } = open([server.address], { bounds, lookupMs: 60_000 });
    let ended = 0;
    const ends = dead(200).map((name) => find(name).catch(() => (ended += 1)));
    expect(await find("well.test")).toEqual(["192.0.2.1"]);
    expect(ended).toBe(0);
    close();
    await Promise.all(ends);
  });

  it("leave the slots of new names to these from their second look-up on", async () => {
    await using server = await startNameServer(zone);
    const bounds = { quick: 1, slow: 1, slowAfterMs: 60_000, startWithinMs: 60_000 };
    const { find, later } = open([server.address], { bounds, lookupMs: 200 });
    await expect(find("dead-0.test")).rejects.toMatchObject({ code: "ETIMEOUT" });
    later(1_000);
    let hasEnded = false;
    const again = find("dead-0.test").catch(() => (hasEnded = true));
    expect(await find("well.test")).toEqual(["192.0.2.1"]);
    expect(hasEnded).toBe(false);
    await again;
  });

  it("keep a name waiting that cannot be started, which is our own failure and not remembered", async () => {
    await using server = await startNameServer(zone);
    const bounds = { quick: 2, slow: 2, slowAfterMs: 10, startWithinMs: 300 };
    const { find, close } = open([server.address], { bounds, lookupMs: 60_000 });
    const ends = Promise.allSettled(dead(4).map(find));
    await until("all of them are under way", () => server.asked.length >= 8);
    await expect(find("well.test")).rejects.toMatchObject({ code: "RESOLVER_UNAVAILABLE" });
    close();
    await ends;
    expect(await find("well.test")).toEqual(["192.0.2.1"]);
  });

  it("do not touch a name that is known, though its time has run out", async () => {
    await using server = await startNameServer(zone);
    const bounds = { quick: 2, slow: 2, slowAfterMs: 10, startWithinMs: 100 };
    const { find, later, close } = open([server.address], { bounds, lookupMs: 60_000 });
    await find("well.test");
    later(60_000);
    const ends = Promise.allSettled(dead(4).map(find));
    await until("all of them are under way", () => server.asked.length >= 10);
    expect(await find("well.test")).toEqual(["192.0.2.1"]);
    close();
    await ends;
  });
});
