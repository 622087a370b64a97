/**
 * Sends single requests to one receiver over the very path that deliveries take: an endpoint as it could be
 * registered, the same address guard, the same deadline, the same reading of the answer. Nothing is stored or retried.
 */
import type { Config } from "../config/environment.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { isLoopbackName } from "../core/loopback.ts";
import type { Outcome } from "../core/outcome.ts";
import type { System } from "../core/system.ts";
import { createAddressPolicy, LOOPBACK_NETWORKS } from "../deliver/address-guard.ts";
import { classify } from "../deliver/classify.ts";
import { openOutboundProxy } from "../deliver/outbound-proxy.ts";
import { createNameResolver } from "../deliver/resolver.ts";
import { createTransport } from "../deliver/transport.ts";
import { newEndpoint } from "../endpoints/registration.ts";
import type { EndpointRequest } from "../endpoints/settings.ts";
import type { SignedRequest } from "../wire/sign.ts";
import { registrationRules } from "./endpoints.ts";

export interface DirectAnswer {
  readonly outcome: Outcome;
  readonly tookMs: number;
}

export interface DirectSender {
  readonly endpoint: Endpoint;
  /** A receiver's failure is a value. */
  readonly post: (request: SignedRequest) => Promise<DirectAnswer>;
  readonly close: () => Promise<void>;
}

/**
 * Throws ENDPOINT_INVALID for what no endpoint could be. One exception: a URL that names this machine (`localhost`,
 * 127.0.0.0/8, `[::1]`) needs neither ALLOW_HTTP nor ALLOW_PRIVATE_NETWORKS, because whoever can start this process
 * can reach its loopback anyway. A public name that resolves to loopback stays refused.
 */
export function openDirectSender(request: EndpointRequest, config: Config, system: System): DirectSender {
  const isThisMachine = isLoopbackName(URL.parse(request.url)?.hostname ?? "");
  const policy = createAddressPolicy({
    allowHttp: config.allowHttp || isThisMachine,
    allowPrivateNetworks: [...config.allowPrivateNetworks, ...(isThisMachine ? LOOPBACK_NETWORKS : [])],
  });
  const endpoint = newEndpoint(request, registrationRules(config, policy), system.now());
  const { url, timeoutMs } = endpoint;
  const { lookup } = createNameResolver({ servers: config.dnsServers, now: system.monotonicMs });
  // A proxy would call itself by these names.
  const proxy = isThisMachine ? null : openOutboundProxy(config, lookup, system.monotonicMs);
  const transport = createTransport({ policy, lookup, proxy, now: system.monotonicMs });
  return {
    endpoint,
    post: async ({ headers, body }) => {
      const startedAt = system.monotonicMs();
      const exchange = await transport.post({ url, headers, body, timeoutMs });
      const tookMs = system.monotonicMs() - startedAt;
      return { outcome: classify(exchange, system.now()), tookMs };
    },
    close: transport.close,
  };
}
