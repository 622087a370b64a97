/**
 * Deliveries that are held, in the log: an endpoint that is ill or slow has thousands of them, and one line says as much.
 * Counted for each endpoint and reason, and written once a minute.
 */
import type { Happening } from "../core/happening.ts";

type Held = Happening & { readonly kind: "delivery.held" };
type Count = Pick<Held, "endpointId" | "reason"> & { count: number };

interface HeldCountsDeps {
  readonly write: (fields: object, message: string) => void;
  /** From the first that is counted to the lines. */
  readonly sayEveryMs?: number;
}

interface HeldCounts {
  readonly count: (held: Held) => void;
  /** Writes what has been counted until now. */
  readonly flush: () => void;
}

/** Of the endpoints with the most; the rest share a line. */
const LINES_MAX = 100;

export function createHeldCounts({ write, sayEveryMs = 60_000 }: HeldCountsDeps): HeldCounts {
  const counts = new Map<string, Count>();
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const all = [...counts.values()].toSorted((one, other) => other.count - one.count);
    counts.clear();
    for (const line of all.slice(0, LINES_MAX)) write(line, "deliveries.held");
    const rest = all.slice(LINES_MAX);
    if (rest.length === 0) return;
    const count = rest.reduce((sum, one) => sum + one.count, 0);
    const endpoints = new Set(rest.map(({ endpointId }) => endpointId)).size;
    write({ endpointId: null, reason: null, count, endpoints }, "deliveries.held");
  };

  return {
    count: ({ endpointId, reason }) => {
      const key = `${endpointId} ${reason}`;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { endpointId, reason, count: 1 });
      else known.count += 1;
      timer ??= setTimeout(flush, sayEveryMs).unref();
    },
    flush,
  };
}
