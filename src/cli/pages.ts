/** A list that the API gives page by page: as a whole, or as much of it as was asked for. */
import { wholeNumber } from "../config/forms.ts";
import type { Invocation } from "./command-line.ts";
import { readOption } from "./values.ts";

/** The most that the API gives at once. */
export const PAGE_MAX = 100;
const LIMIT = 20;
const LIMIT_MAX = 1_000;

interface Page<Item> {
  readonly data: readonly Item[];
  readonly next: string | null;
}

/** Asks for one page; the API's `limit` and `after` are the place that it takes. */
type ReadPage<Item> = (place: {
  readonly limit: number;
  readonly after: string | undefined;
}) => Promise<Page<Item>>;
export type Place = Parameters<ReadPage<unknown>>[0];

export async function readAll<Item>(read: ReadPage<Item>): Promise<readonly Item[]> {
  return (await readUpTo(read, { limit: Number.POSITIVE_INFINITY, after: undefined })).data;
}

/** The place that `--limit` and `--after` ask for. Throws USAGE. */
export function placeAsked(asked: Invocation, most = LIMIT_MAX): Place {
  const limit = readOption(asked, "limit", wholeNumber(1, most)) ?? LIMIT;
  return { limit, after: asked.one("after") };
}

/** A page of the API's is bounded in what it looks at, too, so it takes as many as it takes. */
export async function readUpTo<Item>(read: ReadPage<Item>, { limit, after }: Place): Promise<Page<Item>> {
  const data: Item[] = [];
  for (let from = after; ; ) {
    const page = await read({ limit: Math.min(limit - data.length, PAGE_MAX), after: from });
    data.push(...page.data);
    if (page.next === null || data.length >= limit) return { data, next: page.next };
    from = page.next;
  }
}

/** The line below a table that is not all there is. */
export const moreWith = (next: string | null): readonly string[] =>
  next === null ? [] : [`more with --after ${next}`];
