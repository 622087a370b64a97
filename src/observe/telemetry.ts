/**
 * Fans out what the stages tell to everyone who listens. Telling is synchronous and never throws: a broken
 * log or metric must not disturb a delivery, nor hide itself.
 */
import { type ErrorSummary, summarise } from "../core/errors.ts";
import type { Happening, Tell } from "../core/happening.ts";

/** Listeners hear every happening in the given order, also when one before them threw. */
export function createTelemetry(listeners: readonly Tell[]): Tell {
  const guarded = listeners.map(guard);
  return (happening) => {
    for (const tell of guarded) tell(happening);
  };
}

/**
 * A listener that throws has a bug, and the log may be the one that broke, so it is reported as a Node warning
 * (stderr, and `process.on("warning")`): once per listener and kind, because attempts come thousands a second.
 */
function guard(listener: Tell): Tell {
  const reported = new Set<Happening["kind"]>();
  return (happening) => {
    try {
      listener(happening);
    } catch (error) {
      if (reported.has(happening.kind)) return;
      reported.add(happening.kind);
      warn(happening.kind, summarise(error));
    }
  };
}

function warn(kind: Happening["kind"], error: ErrorSummary): void {
  process.emitWarning(`a telemetry listener failed at ${kind}: ${error.name}: ${error.message}`, {
    type: "HookwaveWarning",
    code: "HOOKWAVE_LISTENER",
    detail: "Later failures of this listener at this kind are not repeated; deliveries are not affected.",
  });
}
