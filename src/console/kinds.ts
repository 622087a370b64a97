/**
 * Kinds of things that have ids. Each id has a beginning that its maker gave it, or none: producers and people make ids of events
 * and endpoints as they like.
 */
/** The API and the pages have the same names for them; each with one of its things, in words. */
export const KINDS = {
  events: "event",
  webhooks: "webhook",
  "dead-letters": "dead letter",
  replays: "replay",
  callbacks: "callback",
} as const;
export type Kind = keyof typeof KINDS;

const ORDER: readonly Kind[] = ["events", "webhooks", "dead-letters", "replays", "callbacks"];

const BEGINNINGS: readonly (readonly [string, Kind])[] = [
  ["evt_", "events"],
  ["ep_", "webhooks"],
  ["dl_", "dead-letters"],
  ["rpl_", "replays"],
  ["cb_", "callbacks"],
];

/** Of those kinds that have a page, in the order in which they are asked for. */
export function kindsFor(id: string, hasPage: (kind: Kind) => boolean): readonly Kind[] {
  const likeliest = BEGINNINGS.find(([beginning]) => id.startsWith(beginning))?.[1];
  const others = ORDER.filter((kind) => kind !== likeliest);
  return [...(likeliest === undefined ? [] : [likeliest]), ...others].filter(hasPage);
}
