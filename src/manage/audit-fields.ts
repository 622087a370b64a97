/**
 * An endpoint in the audit log: the members that were changed, as they were and as they are. Each member is here with how it
 * is shown, so that a new one is decided about: of secrets, headers and most of a URL it is only said that they changed.
 */
import { isDeepStrictEqual } from "node:util";
import type { AuditFields } from "../core/audit.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { maskUrl } from "../core/mask-url.ts";

type Showing = "open" | "masked" | "hidden" | "left out";

const SHOWN = {
  id: "left out",
  incarnation: "left out",
  url: "masked",
  events: "open",
  profile: "open",
  furtherProfiles: "open",
  profileOptions: "open",
  secrets: "hidden",
  headers: "hidden",
  traceHeaders: "open",
  signsDestinations: "open",
  timeoutMs: "open",
  retrySchedule: "open",
  maxInFlight: "open",
  growsInFlight: "open",
  rateLimit: "open",
  description: "open",
  metadata: "open",
  isActive: "open",
  disabledBecause: "open",
  disabledAt: "left out",
  createdAt: "left out",
  updatedAt: "left out",
} as const satisfies Record<keyof Endpoint, Showing>;

/** Of a value that is longer, as JSON, only its length is kept. */
const VALUE_MAX_CHARACTERS = 1_000;
const HIDDEN = "hidden";
const CHANGED = "changed";

export interface Change {
  readonly before: AuditFields | null;
  readonly after: AuditFields | null;
}

/** Null where nothing was changed that is looked at. */
export function endpointChange(before: Endpoint | null, after: Endpoint | null): Change | null {
  const changed = Object.entries(SHOWN).flatMap(([name, showing]) => {
    const [was, is] = [memberOf(before, name), memberOf(after, name)];
    return showing === "left out" || isDeepStrictEqual(was, is) ? [] : [{ name, showing, was, is }];
  });
  if (changed.length === 0 && before !== null && after !== null) return null;
  const shown = changed.map(({ name, showing, was, is }) => {
    const [first, second] = [show(showing, was), show(showing, is)];
    // The part that is not shown has changed.
    const isUnseen = before !== null && isDeepStrictEqual(first, second);
    return { name, was: first, is: isUnseen ? unseen(showing, second) : second };
  });
  return {
    before: before && Object.fromEntries(shown.map(({ name, was }) => [name, was])),
    after: after && Object.fromEntries(shown.map(({ name, is }) => [name, is])),
  };
}

const memberOf = (endpoint: Endpoint | null, name: string): unknown =>
  endpoint === null ? undefined : Reflect.get(endpoint, name);

function show(showing: Showing, value: unknown): unknown {
  if (showing === "masked") return maskUrl(String(value));
  if (showing === "hidden") return isNone(value) ? null : HIDDEN;
  return bounded(value);
}

const unseen = (showing: Showing, shown: unknown): unknown =>
  showing === "masked" ? `${String(shown)} (${CHANGED})` : CHANGED;

const isNone = (value: unknown): boolean => Object.keys(Object(value)).length === 0;

/** Any value of ours, as it may be kept ten thousand times. */
export function bounded(value: unknown): unknown {
  const { length } = JSON.stringify(value) ?? "";
  return length <= VALUE_MAX_CHARACTERS ? value : `of ${length} characters`;
}
