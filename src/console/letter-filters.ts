/** Filters of dead letters, in the URL, and as the orders about many of them have them. */
import { BURY_REASONS } from "../core/verdict.ts";
import type { Query } from "./places.ts";

export const LETTER_FILTERS = [
  { name: "endpoint", title: "Endpoint", placeholder: "ep_…" },
  { name: "reason", title: "Reason", choices: BURY_REASONS },
  { name: "type", title: "Type", placeholder: "job.*" },
  { name: "since", title: "Buried since", placeholder: "2026-01-31T00:00:00Z" },
  { name: "until", title: "and before", placeholder: "2026-02-01T00:00:00Z" },
] as const;

/** The same letters for an order: a member that is not there does not narrow. */
export const filterOf = (query: Query): object =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== null));
