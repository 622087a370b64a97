/** The hosts file and resolv.conf of a machine, as the resolver obeys them beside a real name server. */
import { rm, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { startNameServer, type Zone } from "../support/name-server.ts";
import { always, at, openResolvers } from "../support/resolvers.ts";

const { open, paths, closeAll } = openResolvers();
afterEach(closeAll);

describe("the files of the machine", () => {
  const nobody: Zone = always("nxdomain");
  /** Later than a file that has been read is looked at again. */
  const LATER_MS = 1_000;

  it("say where a name of the hosts file is, in any spelling and before any server, and say so anew once it has changed", async () => {
    await using server = await startNameServer(nobody);
    await writeFile(paths().hosts, "# names\n192.0.2.1\tOne.test alias # and more\n192.0.2.9 one.test.\n");
    const { find, later } = open([server.address]);
    expect(await find("ONE.test")).toEqual(["192.0.2.1", "192.0.2.9"]);
    expect(await find("alias.")).toEqual(["192.0.2.1"]);
    expect(server.asked).toEqual([]);
    await writeFile(paths().hosts, "192.0.2.22 one.test\n");
    later(LATER_MS);
    expect(await find("one.test")).toEqual(["192.0.2.22"]);
    await rm(paths().hosts);
    later(LATER_MS);
    await expect(find("one.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
  });

  it("have no say in where localhost is: on this machine", async () => {
    await using server = await startNameServer(always(at("192.0.2.1")));
    await writeFile(
      paths().hosts,
      "192.0.2.1 localhost\n127.0.0.2 own.localhost\nfe80::1%lo0 own.localhost\n",
    );
    const { find } = open([server.address]);
    expect((await find("localhost")).toSorted()).toEqual(["127.0.0.1", "::1"]);
    expect((await find("any.localhost.")).toSorted()).toEqual(["127.0.0.1", "::1"]);
    expect(await find("own.localhost")).toEqual(["127.0.0.2"]);
    expect(server.asked).toEqual([]);
  });

  it.each([
    [
      "svc.ns",
      "search ns.svc.cluster.local svc.cluster.local\noptions ndots:5\n",
      "svc.ns.svc.cluster.local",
    ],
    ["svc", "domain one.test\nsearch two.test three.test.\n", "svc.three.test"],
    ["svc", "search two.test\ndomain one.test\n", "svc.one.test"],
    ["svc.ns", "search one.test\n", "svc.ns.one.test"],
  ])("complete %s as resolv.conf has it: %j", async (name, resolvConf, whole) => {
    await writeFile(paths().resolvConf, resolvConf);
    await using server = await startNameServer((asked) => (asked === whole ? at("192.0.2.1") : "nxdomain"));
    expect(await open([server.address]).find(name)).toEqual(["192.0.2.1"]);
  });

  it.each([
    ["one.test.", "search two.test\noptions ndots:5\n", ["one.test"]],
    ["one.test", "search two.test\noptions timeout:1 ndots:2\n", ["one.test.two.test", "one.test"]],
    ["one.test", "search two.test\n", ["one.test", "one.test.two.test"]],
    ["one.test", "search .\n", ["one.test"]],
  ])("complete %s in this order, or not at all: %j", async (name, resolvConf, order) => {
    await writeFile(paths().resolvConf, resolvConf);
    await using server = await startNameServer(nobody);
    await expect(open([server.address]).find(name)).rejects.toMatchObject({ code: "ENOTFOUND" });
    expect(server.asked.filter((one) => one.startsWith("4 "))).toEqual(order.map((one) => `4 ${one}`));
  });

  it("complete names anew once resolv.conf has changed", async () => {
    await using server = await startNameServer((name) =>
      name === "svc.two.test" ? at("192.0.2.1") : "nxdomain",
    );
    await writeFile(paths().resolvConf, "search one.test\n");
    const { find, later } = open([server.address]);
    await expect(find("svc")).rejects.toMatchObject({ code: "ENOTFOUND" });
    await writeFile(paths().resolvConf, "search one.test two.test\n");
    later(LATER_MS);
    expect(await find("svc")).toEqual(["192.0.2.1"]);
  });
});
