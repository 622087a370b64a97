/**
 * Receivers and transports for the transport's tests, and the closing of all that a test opened.
 */
import { createAddressPolicy } from "../../src/deliver/address-guard.ts";
import { createInspector } from "../../src/deliver/inspector.ts";
import type { Inspector, OutgoingRequest, Transport } from "../../src/deliver/ports.ts";
import { createNameResolver } from "../../src/deliver/resolver.ts";
import { createTransport, type TransportOptions } from "../../src/deliver/transport.ts";
import { type Answer, type Certificate, type RawReceiver, startRawReceiver } from "./raw-receiver.ts";

export const loopbackPolicy = createAddressPolicy({
  allowHttp: true,
  allowPrivateNetworks: ["127.0.0.0/8"],
});
export const publicPolicy = createAddressPolicy({ allowHttp: true, allowPrivateNetworks: [] });

export function openThings(): {
  readonly receiver: (answer: Answer, certificate?: Certificate) => Promise<RawReceiver>;
  readonly transport: (options?: Partial<TransportOptions>) => Transport;
  readonly probe: (options?: Partial<TransportOptions>) => Inspector;
  /** Has it closed with the others. */
  readonly keep: <Thing extends { readonly close: () => Promise<void> }>(thing: Thing) => Thing;
  readonly closeAll: () => Promise<void>;
} {
  const opened: { readonly close: () => Promise<void> }[] = [];
  const keep = <Thing extends { readonly close: () => Promise<void> }>(thing: Thing): Thing => {
    opened.push(thing);
    return thing;
  };
  const now = () => performance.now();
  const { lookup } = createNameResolver({ servers: [], now });
  const defaults = { policy: loopbackPolicy, lookup, proxy: null, now };
  return {
    receiver: async (answer, certificate) => keep(await startRawReceiver(answer, certificate)),
    transport: (options = {}) => keep(createTransport({ ...defaults, ...options })),
    probe: (options = {}) => {
      const probe = createInspector({ ...defaults, ...options });
      opened.push({ close: probe.abandon });
      return probe;
    },
    keep,
    closeAll: async () => {
      await Promise.all(opened.splice(0).map((thing) => thing.close()));
    },
  };
}

export function postTo(url: string, changes: Partial<OutgoingRequest> = {}): OutgoingRequest {
  const headers = { "content-type": "application/json", "webhook-id": "evt_1" };
  return { url, headers, body: '{"a":1}', timeoutMs: 10_000, ...changes };
}
