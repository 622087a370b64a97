/**
 * The one rule of each phase, as a table: what becomes of an event that is dispatched. Pure. A job whose publisher has
 * written the bus already (phase `redis`) is written no more, whatever the phase is by now.
 */
import type { PublishedEvent } from "../core/event.ts";
import { isInShare, type MigrationSwitch, phaseAt } from "../core/migration.ts";

export interface Rule {
  /** `late`: only if its webhook has not been delivered in time. */
  readonly bus: "now" | "late" | "never";
  /** `keep`: when the phase ends. `never`: it is not in the share, or was to be discarded. */
  readonly webhook: "deliver" | "keep" | "never";
}

export const BY_WEBHOOK: Rule = { bus: "never", webhook: "deliver" };

export function ruleFor(
  event: Pick<PublishedEvent, "id" | "type" | "legacy">,
  acceptedAt: number,
  stand: MigrationSwitch,
  nowMs: number,
): Rule {
  const phase = phaseAt(stand, nowMs);
  const isWritten = event.legacy?.isWritten === true;
  const bus = isWritten ? "never" : "now";
  if (phase === "redis") return { bus, webhook: "keep" };
  if (isWritten) return isDiscarded(acceptedAt, stand) ? { bus, webhook: "never" } : BY_WEBHOOK;
  if (phase === "webhook") return BY_WEBHOOK;
  if (!isInShare(event, stand.shares)) return { bus, webhook: "never" };
  return { bus: phase === "dual" ? "now" : "late", webhook: "deliver" };
}

/** Events still in the queue when `redis` was left are among those that were to be discarded. */
const isDiscarded = (acceptedAt: number, { backlog, since }: MigrationSwitch): boolean =>
  backlog === "discard" && acceptedAt < since;
