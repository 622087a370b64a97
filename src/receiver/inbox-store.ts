/**
 * The memory of an inbox, and the interface for keeping it wherever one likes. A store only answers who may handle an
 * event now; it knows neither events nor handlers. `hookwave/testing` has the checks that any store must pass.
 */
import { systemNow } from "./clock.ts";

/** `claimed`: handle it. `done`: it was handled. `busy`: somebody else is at it, for `forMs` at most. */
export type Claim =
  | { readonly kind: "claimed" }
  | { readonly kind: "done" }
  | { readonly kind: "busy"; readonly forMs: number };

export interface InboxStore {
  /** Of any number of concurrent calls, one is `claimed`. The claim lapses after `leaseMs`: its holder has crashed. */
  readonly claim: (id: string, holder: string, leaseMs: number) => Promise<Claim>;
  /** From now on `done`, for `keepMs`; whoever holds the claim, for the work is done. */
  readonly complete: (id: string, keepMs: number) => Promise<void>;
  /** Free again, if `holder` still has the claim; it may have lapsed and be somebody else's by now. */
  readonly release: (id: string, holder: string) => Promise<void>;
}

interface Entry {
  /** Null once it is done. */
  readonly holder: string | null;
  readonly until: number;
}

/** For one process, and tests: it forgets when the process ends. `now` is in epoch ms. */
export function createMemoryStore({ now = systemNow }: { readonly now?: () => number } = {}): InboxStore {
  const entries = new Map<string, Entry>();

  /** Oldest first, as far as they have expired. */
  const forgetExpired = (): void => {
    for (const [id, { until }] of entries) {
      if (until > now()) return;
      entries.delete(id);
    }
  };
  const write = (id: string, holder: Entry["holder"], forMs: number): void => {
    entries.set(id, { holder, until: now() + forMs });
  };

  return {
    claim: async (id, holder, leaseMs) => {
      forgetExpired();
      const entry = entries.get(id);
      const forMs = (entry?.until ?? 0) - now();
      if (entry !== undefined && forMs > 0)
        return entry.holder === null ? { kind: "done" } : { kind: "busy", forMs };
      write(id, holder, leaseMs);
      return { kind: "claimed" };
    },
    complete: async (id, keepMs) => write(id, null, keepMs),
    release: async (id, holder) => {
      if (entries.get(id)?.holder === holder) entries.delete(id);
    },
  };
}
