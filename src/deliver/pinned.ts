/**
 * Options of a TCP connection that goes to these addresses and no others: the name stays the host, but looking it up
 * yields only what was looked up before. It decides over none of them.
 */
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";

/** Happy eyeballs (RFC 8305): how long one address may keep the next one waiting, in ms. */
export const ADDRESS_ATTEMPT_MS = 500;

export function pinned(host: string, port: number, addresses: readonly LookupAddress[]) {
  const lookup: LookupFunction = (_hostname, _options, callback) => callback(null, [...addresses]);
  return {
    host,
    port,
    lookup,
    noDelay: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS,
  };
}
