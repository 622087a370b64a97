/**
 * Carries out what was decided of a delivery: the one place where a verdict becomes a job, a place in a line, a dead
 * letter or an end, after first attempts and after later ones. Only how the next attempt is booked differs, and that is
 * handed in.
 */
import type { DeadLetter, Delivery } from "../core/delivery.ts";
import type { System } from "../core/system.ts";
import type { BuryReason } from "../core/verdict.ts";
import type { Decided } from "./deliver.ts";
import type { Outbox, Parking, Postpone, WaitingIndex } from "./ports.ts";

export interface CarryOutDeps {
  readonly outbox: Pick<Outbox, "bury">;
  readonly waiting: WaitingIndex;
  readonly parking: Pick<Parking, "park">;
  readonly system: Pick<System, "now">;
}

/** A delivery that was never put into the index of waiting ones: to take it out costs a command. */
export const NEVER_WAITED = false;
export const HAS_WAITED = true;

export async function carryOut(
  { verdict, delivery }: Decided,
  postpone: Postpone,
  hasWaited: boolean,
  { outbox, waiting, parking, system }: CarryOutDeps,
): Promise<void> {
  switch (verdict.kind) {
    case "complete":
      if (hasWaited) await waiting.remove(delivery);
      return;
    case "hold":
      return await parking.park(delivery, verdict.inMs);
    case "retry":
      await waiting.add(delivery);
      return await postpone(delivery, verdict.inMs);
    case "bury":
      return await outbox.bury(letterOf(delivery, verdict.because, system.now()));
  }
}

function letterOf(delivery: Delivery, because: BuryReason, nowMs: number): DeadLetter {
  return { kind: "delivery", delivery, because, buriedAt: new Date(nowMs).toISOString() };
}
