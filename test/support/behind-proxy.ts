/** Transports that leave by a proxy only, with names that stand for public addresses: where those lead, the proxy decides. */

import { openOutboundProxy } from "../../src/deliver/outbound-proxy.ts";
import type { Lookup } from "../../src/deliver/resolver.ts";
import type { TransportOptions } from "../../src/deliver/transport.ts";
import { createAuthority } from "./certificates.ts";
import { publicPolicy } from "./transports.ts";

export const NAME = "hooks.acme-corp.com";
export const PUBLIC = "93.184.216.34";
export const authority = createAuthority();

export const answers =
  (...addresses: readonly string[]): Lookup =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));

export function through(
  url: string,
  lookup: Lookup = answers(PUBLIC),
  outboundProxyExcept: readonly string[] = [],
) {
  const settings = { outboundProxy: url, outboundProxyExcept };
  const proxy = openOutboundProxy(settings, lookup, () => performance.now());
  return { policy: publicPolicy, lookup, ca: authority.cert, proxy } satisfies Partial<TransportOptions>;
}
