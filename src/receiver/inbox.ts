/**
 * Handles every event once, however many copies arrive: claim → handle → done. A copy of a handled event is skipped,
 * one of an event in work is sent away until its lease is over, and a handler that throws frees its event for the
 * next copy. A crash between the handler's last effect and `done` runs it again: at least once is all there is.
 */
import type { InboxStore } from "./inbox-store.ts";
import { webCrypto } from "./web-crypto.ts";
import type { WebhookEvent } from "./webhook-event.ts";

export interface InboxOptions {
  readonly store: InboxStore;
  /** Rejecting frees the event: its sender tries again. */
  readonly handler: (event: WebhookEvent) => unknown;
  /** Time a handler may take before it counts as crashed. Default: 30 s, twice a sender's usual patience. */
  readonly leaseMs?: number;
  /** Time for which a handled event is remembered. Default: 7 days, longer than senders try. */
  readonly keepMs?: number;
  /**
   * The endpoint whose deliveries come here, by any name without a colon: its ids are kept apart from those of others in
   * the same store. Two endpoints get the same event under the same id, and the second one's would be a copy. Default:
   * none, for a store of one endpoint.
   */
  readonly endpoint?: string;
}

export type InboxResult =
  | { readonly kind: "handled" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "busy"; readonly retryAfterSeconds: number };

export interface Inbox {
  /** Rejects with what the handler or the store rejected with. */
  readonly process: (event: WebhookEvent) => Promise<InboxResult>;
}

const LEASE_MS = 30_000;
const KEEP_MS = 7 * 24 * 60 * 60 * 1_000;

export function createInbox({
  store,
  handler,
  endpoint,
  leaseMs = LEASE_MS,
  keepMs = KEEP_MS,
}: InboxOptions): Inbox {
  return {
    process: async (event) => {
      const key = endpoint ? `${endpoint}:${event.id}` : event.id;
      const holder = webCrypto.randomUUID();
      const claim = await store.claim(key, holder, leaseMs);
      if (claim.kind === "done") return { kind: "duplicate" };
      if (claim.kind === "busy")
        return { kind: "busy", retryAfterSeconds: Math.max(1, Math.ceil(claim.forMs / 1_000)) };
      try {
        await handler(event);
      } catch (error) {
        // Should releasing fail, too, the lease ends it; the handler's error is the one to hear of.
        await store.release(key, holder).catch(() => undefined);
        throw error;
      }
      await store.complete(key, keepMs);
      return { kind: "handled" };
    },
  };
}
