/** The acts of the migration's rehearsal: what is switched, why, and what the phase promises for each event. */
import type { BacklogChoice, Phase } from "../../../core/migration.ts";

export interface Act {
  readonly phase: Phase;
  /** One line for the audience: the rule and the reason. */
  readonly doc: string;
  /** Null for the first one, which the environment has begun. */
  readonly reason: string | null;
  readonly backlog: BacklogChoice | null;
  /** True where the bus gets each event, false where it gets none. */
  readonly isOnBus: boolean;
  /** True where webhooks wait for the next act. */
  readonly isKept: boolean;
}

export const ACTS: readonly Act[] = [
  {
    phase: "dual",
    doc: "each event goes both ways: no consumer has to change, and the receiver can prove itself",
    reason: null,
    backlog: null,
    isOnBus: true,
    isKept: false,
  },
  {
    phase: "webhook",
    doc: "webhooks alone: the bus falls silent, its consumers can be switched off",
    reason: "both ways agree",
    backlog: null,
    isOnBus: false,
    isKept: false,
  },
  {
    phase: "redis",
    doc: "something is wrong at night: all back to the bus; webhooks are kept, not lost",
    reason: "the receiver is in trouble",
    backlog: null,
    isOnBus: true,
    isKept: true,
  },
  {
    phase: "dual",
    doc: "in the morning: both ways again, and what was kept is delivered after all",
    reason: "the receiver is well again",
    backlog: "deliver",
    isOnBus: true,
    isKept: false,
  },
];

/** The command that does what begins an act. */
export function commandOf({ phase, reason, backlog }: Act): string {
  const options = backlog === null ? "" : ` --backlog ${backlog}`;
  return `hookwave migration set ${phase}${options} --reason "${reason ?? ""}"`;
}
