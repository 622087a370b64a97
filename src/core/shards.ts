/**
 * Shards: parts of an installation, in each of which some of the events lie with all that belongs to them. One page is made of
 * a page of each here; whose an event is, whoever makes the shards says.
 */
import type { EventId } from "./brand.ts";
import { comparePlaces, readPlace } from "./live.ts";
import { cursorInvalid, type Page, type PageRequest } from "./page.ts";

/** A page of a list asks each of them, and its cursor has a place for each. */
export const SHARDS_MAX = 16;

/** Of an installation that is not divided, one. */
export interface Shards<Part> {
  readonly all: readonly [Part, ...Part[]];
  readonly numberOf: (id: EventId) => number;
  /** The part in which an event lies. */
  readonly of: (id: EventId) => Part;
}

export function shardsOf<Part>(
  all: readonly [Part, ...Part[]],
  numberOf: (id: EventId) => number,
): Shards<Part> {
  const [first] = all;
  const isOne = all.length === 1;
  return { all, numberOf, of: isOne ? () => first : (id) => all[numberOf(id)] ?? first };
}

export function mapShards<Part, Made>(
  { all: [first, ...others], numberOf }: Shards<Part>,
  make: (part: Part) => Made,
): Shards<Made> {
  return shardsOf([make(first), ...others.map(make)], numberOf);
}

/** Each shard that has any of these items, with those; the only one has all, however many. */
export function byShard<Part, Item>(
  shards: Shards<Part>,
  items: readonly Item[],
  idOf: (item: Item) => EventId,
): ReadonlyMap<Part, readonly Item[]> {
  if (shards.all.length === 1) return new Map([[shards.all[0], items]]);
  return Map.groupBy(items, (item) => shards.of(idOf(item)));
}

/** Answers of all shards' questions about their items, in the order of the items. */
export async function askShards<Part, Item, Answer>(
  shards: Shards<Part>,
  items: readonly Item[],
  idOf: (item: Item) => EventId,
  ask: (part: Part, items: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const asked = [...byShard(shards, items, idOf)];
  const answers = await Promise.all(asked.map(([part, own]) => ask(part, own)));
  const found = new Map(
    asked.flatMap(([, own], at) => own.map((item, nth) => [item, answers[at]?.slice(nth, nth + 1) ?? []])),
  );
  return items.flatMap((item) => found.get(item) ?? []);
}

/** An item of a list with the cursor right behind it, which begins with its time in epoch ms. */
export interface Placed<Item> {
  readonly item: Item;
  readonly place: string;
}

interface PlacedPage<Item> extends Page<Placed<Item>> {
  /** True where there is a `next` because the list grows there, and nothing is left before that. */
  readonly isEnd?: boolean;
}

export type ReadPlaced<Item> = (request: PageRequest) => Promise<PlacedPage<Item>>;

export const withPlaces = <Item>(
  { data, next }: Page<Item>,
  placeOf: (item: Item) => string,
): Page<Placed<Item>> => ({ data: data.map((item) => ({ item, place: placeOf(item) })), next });

/** For a list that is one. */
export const withoutPlaces = <Item>({ data, next }: Page<Placed<Item>>): Page<Item> => ({
  data: data.map(({ item }) => item),
  next,
});

const SEPARATOR = "~";
/** The place in a shard that has given all it has: what comes newest there belongs before the pages that were shown. */
const GIVEN_ALL = "*";

/** The places in each shard as one, and back; a shard without one begins at its beginning. */
export const joinPlaces = (places: readonly string[]): string => places.join(SEPARATOR);

/** Null for what is not of as many shards. */
export function splitPlaces(text: string, shards: number): readonly string[] | null {
  const places = text.split(SEPARATOR);
  return places.length === shards ? places : null;
}

/** True where some shard has come less far than to its own place in `end`; a list that is one is compared as one. */
export function isBehind(text: string, end: string): boolean {
  const places = text.split(SEPARATOR);
  return end.split(SEPARATOR).some((one, shard) => {
    const [last, reached] = [readPlace(one), readPlace(places[shard] ?? "")];
    return last !== null && (reached === null || comparePlaces(reached, last) < 0);
  });
}

const NOTHING: PlacedPage<never> = { data: [], next: null };

/**
 * A page of all, in their order by time. A shard that has looked at as much as it may and is not at its end holds back what
 * comes behind that of the others, so that a page later nothing comes before what was shown. Its cursor has a place for each
 * shard: where one's clock is behind, nothing of it is passed over. Throws CURSOR_INVALID.
 */
export async function mergedPage<Item>(
  reads: readonly ReadPlaced<Item>[],
  order: "newest" | "oldest",
  { after, limit }: PageRequest,
): Promise<Page<Item>> {
  const places = placesIn(after, reads.length);
  const pages = await Promise.all(
    reads.map((read, shard) => {
      const place = places[shard] ?? "";
      return place === GIVEN_ALL ? NOTHING : read({ after: place || null, limit });
    }),
  );
  const sign = order === "newest" ? -1 : 1;
  const ends = pages.flatMap(({ next, isEnd = false }) =>
    next === null || isEnd ? [] : [sign * timeIn(next)],
  );
  const end = Math.min(...ends);
  const shown = pages
    .flatMap(({ data }, shard) => data.map((one) => ({ ...one, shard, rank: sign * timeIn(one.place) })))
    .filter(({ rank }) => rank <= end)
    .sort((one, other) => one.rank - other.rank)
    .slice(0, limit);
  const next = pages.map((page, shard) => {
    const own = shown.filter((one) => one.shard === shard);
    const reached = own.at(-1)?.place ?? places[shard] ?? "";
    if (own.length < page.data.length) return reached;
    return page.next ?? (order === "newest" ? GIVEN_ALL : reached);
  });
  const isAll =
    pages.every((page) => page.next === null) &&
    shown.length === pages.reduce((sum, { data }) => sum + data.length, 0);
  return { data: shown.map(({ item }) => item), next: isAll ? null : joinPlaces(next) };
}

function placesIn(cursor: string | null, shards: number): readonly string[] {
  if (cursor === null) return [];
  const places = splitPlaces(cursor, shards);
  if (places === null) throw cursorInvalid(cursor);
  return places;
}

const timeIn = (place: string): number => Number(/^\d+/.exec(place)?.[0] ?? 0);
