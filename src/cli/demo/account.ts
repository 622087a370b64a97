/** Listens to everything that happens and keeps account of it, so that the play can wait for a state of affairs. */
import type { AttemptRecord } from "../../core/attempt.ts";
import type { Happening, Tell } from "../../core/happening.ts";

export interface Account {
  readonly tell: Tell;
  readonly attempts: readonly AttemptRecord[];
  /** Deliveries that were delivered or became dead letters, in all rounds. */
  readonly settled: () => number;
  /** Resolves with true once it holds, with false when it does not within `patienceMs`. */
  readonly until: (holds: () => boolean, patienceMs: number) => Promise<boolean>;
}

/** `onHappening` hears everything after it has been accounted for. */
export function openAccount(onHappening: Tell): Account {
  const attempts: AttemptRecord[] = [];
  const waiting = new Set<() => void>();
  let buried = 0;

  const note = (happening: Happening): void => {
    if (happening.kind === "attempt.finished") attempts.push(happening.record);
    if (happening.kind === "delivery.buried") buried += 1;
  };

  return {
    attempts,
    tell: (happening) => {
      note(happening);
      onHappening(happening);
      for (const look of waiting) look();
    },
    settled: () => buried + attempts.filter(({ verdict }) => verdict === "complete").length,
    until: (holds, patienceMs) =>
      new Promise((resolve) => {
        const finish = (outcome: boolean): void => {
          waiting.delete(look);
          clearTimeout(timer);
          resolve(outcome);
        };
        const look = (): void => {
          if (holds()) finish(true);
        };
        // Unref'd: an interrupted demo need not wait for what will not come any more.
        const timer = setTimeout(finish, patienceMs, false).unref();
        waiting.add(look);
        look();
      }),
  };
}
