/**
 * The order in which a name's addresses are tried, where RFC 6724 and this machine leave a choice. It drops none, and asks
 * nobody: those that are slow to answer are passed over when they are connected to (happy eyeballs).
 */
import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";

export function asLookupAddress(address: string): LookupAddress {
  return { address, family: isIP(address) };
}

/**
 * IPv6 before IPv4, unless this machine has no IPv6 address that leads beyond it. Within a family the order is the servers',
 * who share out load by it.
 */
export function inOrder(addresses: readonly LookupAddress[]): readonly LookupAddress[] {
  const isMixed = addresses.some(({ family }) => family !== addresses[0]?.family);
  if (!isMixed) return addresses;
  const families = hasIpv6() ? [6, 4] : [4, 6];
  return families.flatMap((wanted) => addresses.filter(({ family }) => family === wanted));
}

const hasIpv6 = (): boolean =>
  Object.values(networkInterfaces())
    .flat()
    .some((one) => one !== undefined && !one.internal && one.family === "IPv6" && one.scopeid === 0);
