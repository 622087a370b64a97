/**
 * Deliveries with a job of their own: another attempt, or an end without one. What is already recorded of a delivery
 * is taken and never repeated; it throws only for a failure of our own.
 */
import type { Delivery } from "../core/delivery.ts";
import type { AttemptSlots } from "./attempt-slots.ts";
import { type CarryOutDeps, carryOut, HAS_WAITED } from "./carry-out.ts";
import type { Decided, Deliver } from "./deliver.ts";
import type { EventLedger, Postpone, Resume } from "./ports.ts";
import { recall } from "./recall.ts";

interface ResumeDeps extends CarryOutDeps {
  readonly ledger: Pick<EventLedger, "stateOf">;
  readonly deliver: Deliver;
  readonly slots: AttemptSlots;
}

export function createResume(deps: ResumeDeps): Resume {
  const { ledger, deliver, slots, system } = deps;
  const settle = async (
    delivery: Delivery,
    postpone: Postpone,
    otherwise: () => Decided | Promise<Decided>,
  ): Promise<void> => {
    const state = await ledger.stateOf(delivery);
    const settled = recall(delivery, state, system.now()) ?? (await otherwise());
    await carryOut(settled, postpone, HAS_WAITED, deps);
  };
  return {
    resume: (delivery, job, putJobBack) =>
      settle(delivery, putJobBack, () =>
        slots.run(delivery.endpointId, () => deliver(delivery, job.holdsLease), job.lendSlot),
      ),
    giveUp: (delivery, because, putJobBack) =>
      settle(delivery, putJobBack, () => ({ verdict: { kind: "bury", because }, delivery })),
  };
}
