/**
 * Management of what takes several steps, each change under an entry in the audit log. Those that people and programs are
 * given are these; parts of the service that call one another are not audited twice.
 */
import type { ReplayOrder } from "../core/replay.ts";
import type { Audit } from "./audit.ts";
import type { Management } from "./management.ts";

type Records = Pick<Management, "events" | "deliveries" | "deadLetters" | "replays">;

export function auditedRecords(records: Records, { around }: Audit): Records {
  const { events, deliveries, deadLetters, replays } = records;
  return {
    events: {
      ...events,
      replay: (id, endpointId) => {
        const after = { endpointId };
        return around({ action: "event.replayed", target: id, after }, () => events.replay(id, endpointId));
      },
    },
    deliveries: {
      ...deliveries,
      retry: (id) => around({ action: "delivery.retried", target: id }, () => deliveries.retry(id)),
      cancel: (id) => around({ action: "delivery.cancelled", target: id }, () => deliveries.cancel(id)),
    },
    deadLetters: {
      ...deadLetters,
      replay: (id, meaning) =>
        around({ action: "dead_letter.replayed", target: id }, () => deadLetters.replay(id, meaning)),
      remove: (id) => around({ action: "dead_letter.removed", target: id }, () => deadLetters.remove(id)),
      purge: (filter, confirmedCount) => {
        const after = { filter, confirmedCount };
        return around({ action: "dead_letters.purged", target: null, after }, () =>
          deadLetters.purge(filter, confirmedCount),
        );
      },
    },
    replays: auditedReplays(replays, around),
  };
}

/** That somebody has looked at one changes nothing of what came in, and has no entry. */
export function auditedCallbacks(
  callbacks: Management["callbacks"],
  { around }: Audit,
): Management["callbacks"] {
  return {
    ...callbacks,
    forward: (id, endpointId) => {
      const after = { endpointId };
      return around({ action: "callback.forwarded", target: id, after }, () =>
        callbacks.forward(id, endpointId),
      );
    },
  };
}

function auditedReplays(replays: Records["replays"], around: Audit["around"]): Records["replays"] {
  return {
    ...replays,
    begin: (request) => {
      const { filter = {}, ratePerSecond, to = null } = request;
      const after = { filter, ratePerSecond, to };
      return around({ action: "replay.begun", target: null, after }, () => replays.begin(request));
    },
    order: (id, order) => around({ action: ORDERS[order], target: id }, () => replays.order(id, order)),
  };
}

const ORDERS = {
  pause: "replay.paused",
  resume: "replay.resumed",
  cancel: "replay.cancelled",
} as const satisfies Record<ReplayOrder, string>;
