import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  closedNetworkOf,
  createAddressPolicy,
  isAddressAllowed,
} from "../../../src/deliver/address-guard.ts";

const strict = createAddressPolicy({ allowHttp: false, allowPrivateNetworks: [] });
const allowed = (address: string) => isAddressAllowed(address, strict);

/** The IANA special-purpose registries and the clouds' own addresses, as ranges of first and last address. */
const REFUSED_IPV4 = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.0", "127.255.255.255"],
  ["168.63.129.16", "168.63.129.16"],
  ["169.254.0.0", "169.254.255.255"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.0", "192.0.0.255"],
  ["192.0.2.0", "192.0.2.255"],
  ["192.31.196.0", "192.31.196.255"],
  ["192.52.193.0", "192.52.193.255"],
  ["192.88.99.0", "192.88.99.255"],
  ["192.168.0.0", "192.168.255.255"],
  ["192.175.48.0", "192.175.48.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.0", "198.51.100.255"],
  ["203.0.113.0", "203.0.113.255"],
  ["224.0.0.0", "255.255.255.255"],
] as const;

/** Inside 2000::/3, as ranges of the first 48 bits. */
const REFUSED_IPV6 = [
  ["2001:0:0", "2001:1ff:ffff"],
  ["2001:db8:0", "2001:db8:ffff"],
  ["2002:0:0", "2002:ffff:ffff"],
  ["2620:4f:8000", "2620:4f:8000"],
  ["3ffe:0:0", "3ffe:ffff:ffff"],
  ["3fff:0:0", "3fff:fff:ffff"],
] as const;

const ipv4Number = (text: string) => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const ipv4Text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
const prefixNumber = (text: string) =>
  text.split(":").reduce((sum, part) => sum * 0x1_0000 + Number.parseInt(part, 16), 0);
const groups = (value: bigint) =>
  Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
const ipv6Text = (value: bigint) => groups(value).join(":");

const REFUSED_IPV4_NUMBERS = REFUSED_IPV4.map(([from, to]) => [ipv4Number(from), ipv4Number(to)] as const);
const REFUSED_IPV6_NUMBERS = REFUSED_IPV6.map(
  ([from, to]) => [prefixNumber(from), prefixNumber(to)] as const,
);
const within = (ranges: readonly (readonly [number, number])[], value: number) =>
  ranges.some(([from, to]) => value >= from && value <= to);

const anyIpv4 = fc.integer({ min: 0, max: 0xffff_ffff });
const privateIpv4 = fc.integer({ min: 0x0a00_0000, max: 0x0aff_ffff });
const anyIpv6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const prefix48 = (value: bigint) => Number(value >> 80n);

describe("IPv4", () => {
  it("refuses the first and last address of every special range and accepts its public neighbours", () => {
    for (const [from, to] of REFUSED_IPV4_NUMBERS) {
      expect([allowed(ipv4Text(from)), allowed(ipv4Text(to))]).toEqual([false, false]);
      for (const neighbour of [from - 1, to + 1]) {
        if (neighbour < 0 || neighbour > 0xffff_ffff || within(REFUSED_IPV4_NUMBERS, neighbour)) continue;
        expect(allowed(ipv4Text(neighbour)), ipv4Text(neighbour)).toBe(true);
      }
    }
  });

  it("refuses every address inside a special range", () => {
    const inside = fc
      .constantFrom(...REFUSED_IPV4_NUMBERS)
      .chain(([from, to]) => fc.integer({ min: from, max: to }));
    fc.assert(fc.property(inside, (value) => !allowed(ipv4Text(value))));
  });

  it("accepts exactly what is in no special range", () => {
    fc.assert(
      fc.property(anyIpv4, (value) => allowed(ipv4Text(value)) === !within(REFUSED_IPV4_NUMBERS, value)),
    );
  });
});

describe("IPv6", () => {
  it("accepts exactly the global unicast addresses that are in no special range", () => {
    const isGlobal = (value: bigint) => value >> 125n === 1n;
    const unicast = anyIpv6.map((value) => (value >> 3n) | (1n << 125n));
    const special = fc
      .tuple(fc.constantFrom(...REFUSED_IPV6_NUMBERS), anyIpv6, fc.nat())
      .map(([[from, to], low, step]) => (BigInt(from + (step % (to - from + 1))) << 80n) | (low >> 48n));
    fc.assert(
      fc.property(fc.oneof(anyIpv6, unicast, special), (value) => {
        const expected = isGlobal(value) && !within(REFUSED_IPV6_NUMBERS, prefix48(value));
        return allowed(ipv6Text(value)) === expected;
      }),
    );
  });

  it("refuses the first and last of every special range and accepts the neighbours", () => {
    for (const [from, to] of REFUSED_IPV6_NUMBERS) {
      const text = (prefix: number) => ipv6Text(BigInt(prefix) << 80n);
      expect([allowed(text(from)), allowed(text(to))], text(from)).toEqual([false, false]);
      for (const neighbour of [from - 1, to + 1]) {
        const isPublic = neighbour >= 0x2000_0000_0000 && neighbour <= 0x3fff_ffff_ffff;
        if (!isPublic || within(REFUSED_IPV6_NUMBERS, neighbour)) continue;
        expect(allowed(text(neighbour)), text(neighbour)).toBe(true);
      }
    }
  });

  it("refuses an IPv4 address in every IPv6 disguise, even a public one", () => {
    fc.assert(fc.property(anyIpv4, (value) => !disguisesOf(value).some(allowed)));
  });
});

/** The IPv6 addresses that stand for an IPv4 address. */
function disguisesOf(value: number): readonly string[] {
  const dotted = ipv4Text(value);
  const [high, low] = [value >>> 16, value & 0xffff];
  const [highText, lowText] = [high.toString(16), low.toString(16)];
  return [
    `::ffff:${dotted}`, // mapped
    `::ffff:${highText}:${lowText}`,
    `::${dotted}`, // compatible
    `::ffff:0:${dotted}`, // translated
    `64:ff9b::${dotted}`, // NAT64
    `64:FF9B:0:0:0:0:${highText}:${lowText}`,
    `64:ff9b:1::${dotted}`, // local NAT64
    `2002:${highText}:${lowText}::1`, // 6to4
    `2001:0:1:2:3:4:${(high ^ 0xffff).toString(16)}:${(low ^ 0xffff).toString(16)}`, // Teredo
  ];
}

describe("what is no plain address", () => {
  it.each(["", "localhost", "1.2.3", "0x7f.1", "2130706433", "[::1]", "2606:4700::1%eth0", "1.1.1.1 "])(
    "refuses %j",
    (text) => expect(allowed(text)).toBe(false),
  );
});

describe("networks the operator opens", () => {
  const opened = createAddressPolicy({
    allowHttp: true,
    allowPrivateNetworks: ["127.0.0.0/8", "10.1.2.3/16", "fd00:1::/32"],
  });

  it("accepts what lies inside of them and nothing beside", () => {
    const answers = ["127.0.0.1", "10.1.255.255", "10.2.0.0", "fd00:1::9", "fd00:2::9", "192.168.0.1"];
    expect(answers.map((address) => isAddressAllowed(address, opened))).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
    ]);
  });

  it("still refuses the mapped form of an opened address", () => {
    expect(isAddressAllowed("::ffff:127.0.0.1", opened)).toBe(false);
  });

  it("opens no IPv4 address with an IPv6 network that covers the mapped form", () => {
    const mapped = createAddressPolicy({ allowHttp: true, allowPrivateNetworks: ["::ffff:0:0/96"] });
    expect(isAddressAllowed("10.0.0.1", mapped)).toBe(false);
  });

  it.each([
    ["::/0", /:/],
    ["64:ff9b::/96", /^64:ff9b:(?:0:|:)/i],
    ["64:ff9b:1::/48", /^64:ff9b:1:/],
    ["::ffff:0:0/96", /^::ffff:(?!0:)/],
    ["2002::/16", /^2002:/],
    ["2001::/32", /^2001:0:/],
  ])("judge an address in %s by the IPv4 address that it stands for", (cidr, isInIt) => {
    for (const more of [[], ["10.0.0.0/8"]]) {
      const policy = createAddressPolicy({ allowHttp: true, allowPrivateNetworks: [cidr, ...more] });
      const judged = (address: string) => isAddressAllowed(address, policy);
      fc.assert(
        fc.property(fc.oneof(anyIpv4, privateIpv4), (value) => {
          fc.pre(value > 1); // `::` and `::1` are addresses by themselves.
          const expected = judged(ipv4Text(value));
          for (const address of disguisesOf(value).filter((one) => isInIt.test(one)))
            expect(judged(address), address).toBe(expected);
        }),
      );
    }
  });

  it("accepts ::1, which stands for no IPv4 address", () => {
    const loopback = createAddressPolicy({ allowHttp: true, allowPrivateNetworks: ["::1/128"] });
    expect(isAddressAllowed("::1", loopback)).toBe(true);
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "fd00::/129", "localhost/8", "10.0.0.0/-1", "10.0.0/8", "", "/8"])(
    "reports %j as no network",
    (cidr) => {
      const create = () => createAddressPolicy({ allowHttp: true, allowPrivateNetworks: [cidr] });
      expect(create).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    },
  );
});

describe("the network that keeps an address closed", () => {
  const policy = createAddressPolicy({
    allowHttp: true,
    allowPrivateNetworks: ["192.168.0.0/16", "64:ff9b::/96"],
  });

  it.each([
    ["127.0.0.1", "IPv4", "127.0.0.0/8"],
    ["10.11.12.13", "IPv4", "10.0.0.0/8"],
    ["169.254.169.254", "IPv4", "169.254.0.0/16"],
    ["::1", "IPv6", "::1/128"],
    ["fd00::9", "IPv6", "fc00::/7"],
    ["fe80::1", "IPv6", "fe80::/10"],
    ["64:ff9b:1::a00:1", "IPv6", "64:ff9b:1::/48"],
    ["64:ff9b::10.0.0.1", "IPv4", "10.0.0.0/8"],
    ["::ffff:127.0.0.1", "IPv6", "::ffff:0:0/96"],
    ["2001:db8::1", "IPv6", "2001:db8::/32"],
    ["4000::1", "IPv6", null],
    ["fe80::1%eth0", "IPv6", null],
  ])("of %s is told by family, and as it would be opened", (address, family, cidr) => {
    expect(closedNetworkOf(address, policy)).toEqual({ family, cidr });
  });

  it.each(["192.168.1.1", "93.184.216.34", "64:ff9b::93.184.216.34", "2606:4700:4700::1111", "no address"])(
    "is none for %s",
    (address) => expect(closedNetworkOf(address, policy)).toBeNull(),
  );

  it("would be opened by what it is named, for every address that has one", () => {
    fc.assert(
      fc.property(fc.oneof(anyIpv4.map(ipv4Text), anyIpv6.map(ipv6Text)), (address) => {
        const cidr = closedNetworkOf(address, strict)?.cidr ?? null;
        fc.pre(cidr !== null);
        const opening = createAddressPolicy({ allowHttp: true, allowPrivateNetworks: [cidr ?? ""] });
        const still = closedNetworkOf(address, opening);
        // Beside a name of its own it may stand for an IPv4 address that is closed as well.
        expect(still === null || still.family === "IPv4").toBe(true);
      }),
    );
  });
});
