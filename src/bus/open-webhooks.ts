/**
 * Events whose job is under way here, and whether their webhook has been delivered meanwhile. Most are: nothing of them
 * is ever written down. Deliveries whose job has ended settle what was written down of them, many at a time.
 */
import type { AttemptRecord, FinishedAttempt } from "../core/attempt.ts";
import { asEndpointId, type EndpointId, type EventId } from "../core/brand.ts";
import type { Claim } from "../core/delivery.ts";
import { createGroupCommit } from "../core/group-commit.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { CountMigration, ParityBook, Shelf } from "./ports.ts";
import type { BusTarget } from "./target.ts";

export interface OpenWebhooks {
  readonly endpointId: EndpointId;
  readonly open: (id: EventId) => void;
  /** True when it has been delivered since it was opened. */
  readonly close: (id: EventId) => boolean;
  /** For every attempt that is on record. */
  readonly note: (finished: FinishedAttempt) => void;
  /** Resolves when nothing is left to be written. */
  readonly idle: () => Promise<void>;
}

interface OpenWebhooksDeps {
  readonly endpointId: string;
  readonly target: BusTarget;
  readonly parity: ParityBook;
  /** Events that the bus is owed unless they are delivered. */
  readonly fallback: Shelf;
  /** False when nothing can be on record of an event that was accepted then. */
  readonly mayBeOwed: (acceptedAt: number) => boolean;
  readonly count: CountMigration;
  readonly tell: Tell;
  readonly now: () => number;
}

const SETTLED_TOGETHER = 512;

export function createOpenWebhooks(deps: OpenWebhooksDeps): OpenWebhooks {
  const endpointId = asEndpointId(deps.endpointId);
  const isDelivered = new Map<EventId, boolean>();
  const settle = createGroupCommit<EventId>({
    write: async (ids) => {
      await Promise.all([deps.parity.settle(ids), deps.fallback.remove(ids)]);
    },
    maxItems: SETTLED_TOGETHER,
    maxWrites: 1,
  });
  const isCompared = ({ endpointId: id, outcome, eventType }: AttemptRecord): boolean =>
    outcome === "delivered" && id === endpointId && deps.target.takes(eventType);

  return {
    endpointId,
    open: (id) => void isDelivered.set(id, false),
    close: (id) => {
      const was = isDelivered.get(id) === true;
      isDelivered.delete(id);
      return was;
    },
    note: ({ record, acceptedAt }) => {
      if (!isCompared(record) || !deps.mayBeOwed(acceptedAt)) return;
      deps.count({ delivered: 1, webhookLatencies: [deps.now() - acceptedAt] });
      if (isDelivered.has(record.eventId)) isDelivered.set(record.eventId, true);
      // One that could not be settled now is found delivered when somebody looks.
      else settle.add(record.eventId).catch(tellFailure(deps.tell, "settle_parity"));
    },
    idle: settle.idle,
  };
}

/** Of a re-run: the record says that an earlier run has delivered it. */
export function isDeliveredIn(claim: Claim, id: EndpointId): boolean {
  return claim.kind === "again" && claim.states.get(id)?.status === "delivered";
}
