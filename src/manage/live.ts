/**
 * The live view: attempts as they are made, for people who watch. One reader serves all of a process' views and is there
 * while there is one (decision 34). Each view has a buffer of its own: whoever is slower than the stream loses the oldest
 * of what waits for them, is told how many, and holds nobody up.
 */
import { type LiveFilter, type Place, readPlace } from "../core/live.ts";
import { cursorInvalid } from "../core/page.ts";
import { waitAtMost } from "../deliver/wait-at-most.ts";
import type { Following, RecentAttempts } from "../store/recent-attempts.ts";
import { createLiveView, type LiveListener, type LiveView, type Watcher } from "./live-view.ts";

export interface Live {
  /**
   * From this place on, or from now on where it is null. Redis is waited for, a second at the most. Throws CURSOR_INVALID.
   */
  readonly open: (filter: LiveFilter, after: string | null, listener: LiveListener) => Promise<LiveView>;
  /** Ends all views. */
  readonly close: () => void;
}

const START_PATIENCE_MS = 1_000;

export function createLive(recent: RecentAttempts): Live {
  const watchers = new Set<Watcher>();
  let following: Following | null = null;

  const follow = (): Following => {
    following ??= recent.follow((attempts, upTo) => {
      for (const one of watchers) one.hear(attempts, upTo);
    });
    return following;
  };
  const leave = (one: Watcher): void => {
    watchers.delete(one);
    if (watchers.size > 0) return;
    following?.stop();
    following = null;
  };
  const placeNow = (): Place | null => following?.place() ?? null;

  return {
    open: async (filter, after, listener) => {
      const start = after === null ? null : readPlace(after);
      if (after !== null && start === null) throw cursorInvalid(after);
      const { watcher, view } = createLiveView({ recent, filter, start, listener, placeNow, leave });
      watchers.add(watcher);
      await waitAtMost(START_PATIENCE_MS, follow().begun);
      return view;
    },
    close: () => {
      for (const one of [...watchers]) {
        leave(one);
        one.end();
      }
    },
  };
}
