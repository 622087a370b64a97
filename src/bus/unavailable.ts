/** The refusal of a bus that does not take an event, as publishers and the log get it. */
import { HookwaveError } from "../core/errors.ts";

export function busUnavailable(got: string): HookwaveError {
  return new HookwaveError("BUS_UNAVAILABLE", {
    expected: "the legacy bus to take the event",
    got: got.slice(0, 300),
    remedy: "check LEGACY_REDIS_URL, its list and its permissions; docs/migration.md",
  });
}
