/**
 * The dry run: what would become of an event with one receiver, if it were published now. Everything that can be in the
 * way has a code of its own; whoever explains says all of them at once.
 */

/** Reasons not to send, or not yet. The last two only delay: a delivery is held, and no attempt is charged. */
export const BLOCKER_CODES = [
  "not_subscribed",
  "disabled",
  "duplicate",
  "key_unknown",
  "expired",
  "secret_missing",
  "blocked_url",
  "blocked_destination",
  "breaker_open",
  "rate_limited",
] as const;
export type BlockerCode = (typeof BLOCKER_CODES)[number];

export interface Blocker {
  readonly code: BlockerCode;
  readonly detail: string;
  /** Epoch ms at which it ends by itself; null where it does not. */
  readonly until: number | null;
}

/** The time at which a first attempt would begin. */
export const WOULD_SEND = ["now", "later", "never"] as const;
export type WouldSend = (typeof WOULD_SEND)[number];

export function wouldSend(blockers: readonly Blocker[]): WouldSend {
  if (blockers.length === 0) return "now";
  return blockers.every(({ until }) => until !== null) ? "later" : "never";
}
