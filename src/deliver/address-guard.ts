/**
 * Addresses that a delivery may go to: public unicast, and the private networks the operator opened. It knows addresses
 * only; names are checked in url-policy.ts and again, resolved, in guarded-connector.ts. It refuses whatever it cannot
 * read as an address. Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890) and the metadata
 * services of the large clouds (traps 28–31).
 */
import { BlockList, isIP } from "node:net";
import { HookwaveError } from "../core/errors.ts";
import { embeddedIpv4 } from "./embedded-ipv4.ts";

const REFUSED_IPV4 = [
  "0.0.0.0/8", // this network, RFC 791
  "10.0.0.0/8", // private, RFC 1918
  "100.64.0.0/10", // carrier-grade NAT, RFC 6598; Alibaba's metadata lives here too
  "127.0.0.0/8", // loopback
  "168.63.129.16/32", // Azure's host agent
  "169.254.0.0/16", // link-local, and most metadata services
  "172.16.0.0/12", // private
  "192.0.0.0/24", // IETF protocol assignments, RFC 6890; Oracle's metadata
  "192.0.2.0/24", // documentation, RFC 5737
  "192.31.196.0/24", // AS112, RFC 7535
  "192.52.193.0/24", // AMT, RFC 7450
  "192.88.99.0/24", // 6to4 relays, RFC 7526
  "192.168.0.0/16", // private
  "192.175.48.0/24", // AS112, RFC 7534
  "198.18.0.0/15", // benchmarking, RFC 2544
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and limited broadcast
];

/** All of IPv6 that is routed; mapped, compatible, translated, NAT64, ULA and link-local lie outside of it. */
const GLOBAL_UNICAST_IPV6 = ["2000::/3"];

const REFUSED_IPV6 = [
  "2001::/23", // IETF protocol assignments: Teredo, benchmarking, ORCHID
  "2001:db8::/32", // documentation, RFC 3849
  "2002::/16", // 6to4: an IPv4 address in disguise
  "2620:4f:8000::/48", // AS112
  "3ffe::/16", // 6bone, returned by RFC 3701
  "3fff::/20", // documentation, RFC 9637
];

/** Outside of what is routed, from the closest to the widest, for whoever has to open one. */
const UNROUTED_IPV6 = [
  "::1/128", // loopback
  "::ffff:0:0/96", // IPv4 mapped
  "64:ff9b::/96", // NAT64, RFC 6052
  "64:ff9b:1::/48", // local NAT64, RFC 8215
  "fc00::/7", // unique local, RFC 4193
  "fe80::/10", // link-local
  "fec0::/10", // site-local, once
  "ff00::/8", // multicast
];

export const LOOPBACK_NETWORKS = ["127.0.0.0/8", "::1/128"];

/**
 * One list per family: Node reads an IPv4 address as its mapped IPv6 form when a list holds IPv6 rules, so
 * that a shared list answers for the wrong family (trap 30).
 */
export interface NetworkSet {
  readonly ipv4: BlockList;
  readonly ipv6: BlockList;
}

export interface AddressPolicy {
  readonly allowHttp: boolean;
  /** The private networks the operator opened; they win over every refusal. */
  readonly opened: NetworkSet;
  /** May `localhost` be named? Only where loopback was opened. */
  readonly opensLocalhost: boolean;
  /** May names be used that exist on private networks only? Only where one besides loopback was opened. */
  readonly opensPrivateNames: boolean;
}

/**
 * Compiles what the operator allows; do it once and reuse it. `allowPrivateNetworks` holds CIDRs.
 * Throws CONFIG_INVALID when one of them is none.
 */
export function createAddressPolicy(options: {
  readonly allowHttp: boolean;
  readonly allowPrivateNetworks: readonly string[];
}): AddressPolicy {
  const networks = options.allowPrivateNetworks.map(parseNetwork);
  const loopbacks = networks.filter(({ address, family }) => loopback[family].check(address, family));
  return {
    allowHttp: options.allowHttp,
    opened: networkSet(networks),
    opensLocalhost: loopbacks.length > 0,
    opensPrivateNames: loopbacks.length < networks.length,
  };
}

/** Throws CONFIG_INVALID when a CIDR is none. */
export const networksOf = (cidrs: readonly string[]): NetworkSet => networkSet(cidrs.map(parseNetwork));

/** False for an address with a zone, which names an interface of ours. */
export function isWithin(address: string, networks: NetworkSet): boolean {
  const version = isIP(address);
  if (version === 0 || address.includes("%")) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  return networks[family].check(address, family);
}

/** May a delivery be sent to this address? False for anything that is not an address. */
export function isAddressAllowed(address: string, policy: AddressPolicy): boolean {
  switch (isIP(address)) {
    case 4:
      return policy.opened.ipv4.check(address, "ipv4") || !refused.ipv4.check(address, "ipv4");
    case 6:
      return isIpv6Allowed(address, policy);
    default:
      return false;
  }
}

/**
 * Those addresses of a name that may be called: all of them or none, because one bad address refuses the whole answer
 * (trap 31). Only where every one is this machine does it matter merely that one is open, as with `localhost` where
 * 127.0.0.1 was opened and ::1 was not.
 */
export function allowedAddresses<Address extends { readonly address: string }>(
  addresses: readonly Address[],
  policy: AddressPolicy,
): readonly Address[] {
  const allowed = addresses.filter(({ address }) => isAddressAllowed(address, policy));
  const isThisMachine = addresses.every(({ address }) => isLoopbackAddress(address));
  return isThisMachine || allowed.length === addresses.length ? allowed : [];
}

/** A special network that keeps an address from being called. */
export interface ClosedNetwork {
  readonly family: "IPv4" | "IPv6";
  /** As ALLOW_PRIVATE_NETWORKS would open it; null for an address outside of all that have a name. */
  readonly cidr: string | null;
}

/** Null for an address that may be called, and for what is none. Never tells the address itself. */
export function closedNetworkOf(address: string, policy: AddressPolicy): ClosedNetwork | null {
  const version = isIP(address);
  if (version === 0 || isAddressAllowed(address, policy)) return null;
  if (version === 4) return { family: "IPv4", cidr: named(NAMED_IPV4, address, "ipv4") };
  if (address.includes("%")) return { family: "IPv6", cidr: null };
  const embedded = policy.opened.ipv6.check(address, "ipv6") ? embeddedIpv4(address) : null;
  if (embedded !== null) return closedNetworkOf(embedded, policy);
  return { family: "IPv6", cidr: named(NAMED_IPV6, address, "ipv6") };
}

const named = (
  networks: readonly (readonly [cidr: string, NetworkSet])[],
  address: string,
  family: keyof NetworkSet,
): string | null => networks.find(([, set]) => set[family].check(address, family))?.[0] ?? null;

export const isLoopbackAddress = (address: string): boolean => isWithin(address, loopback);

function isIpv6Allowed(address: string, policy: AddressPolicy): boolean {
  // A zone (fe80::1%eth0) names an interface of ours, and BlockList cannot read it.
  if (address.includes("%")) return false;
  if (policy.opened.ipv6.check(address, "ipv6")) {
    const embedded = embeddedIpv4(address);
    return embedded === null || isAddressAllowed(embedded, policy);
  }
  return globalUnicast.ipv6.check(address, "ipv6") && !refused.ipv6.check(address, "ipv6");
}

interface Network {
  readonly address: string;
  readonly prefixBits: number;
  readonly family: keyof NetworkSet;
}

function parseNetwork(cidr: string): Network {
  const [, address = "", digits = ""] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const version = isIP(address);
  const prefixBits = Number(digits);
  if (version === 0 || prefixBits > (version === 4 ? 32 : 128)) {
    throw new HookwaveError("CONFIG_INVALID", {
      expected: "a network such as 10.0.0.0/8 or fd00::/8",
      got: JSON.stringify(cidr),
      remedy: "correct the list of allowed private networks",
    });
  }
  return { address, prefixBits, family: version === 4 ? "ipv4" : "ipv6" };
}

function networkSet(networks: readonly Network[]): NetworkSet {
  const set = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, prefixBits, family } of networks) {
    set[family].addSubnet(address, prefixBits, family);
  }
  return set;
}

const refused = networkSet([...REFUSED_IPV4, ...REFUSED_IPV6].map(parseNetwork));
const globalUnicast = networkSet(GLOBAL_UNICAST_IPV6.map(parseNetwork));
const eachNamed = (cidrs: readonly string[]) =>
  cidrs.map((cidr): readonly [string, NetworkSet] => [cidr, networkSet([parseNetwork(cidr)])]);
const NAMED_IPV4 = eachNamed(REFUSED_IPV4);
const NAMED_IPV6 = eachNamed([...UNROUTED_IPV6, ...REFUSED_IPV6]);
const loopback = networkSet(LOOPBACK_NETWORKS.map(parseNetwork));
