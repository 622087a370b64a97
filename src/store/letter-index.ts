/**
 * The index of the dead letters: which there are, by time and by endpoint, and a line's worth of each, so that a
 * page of a hundred thousand costs a look at a few. Not the truth: that is the letters' queue (queue/dead-letters.ts),
 * which this knows nothing of.
 */
import { z } from "zod";
import { asEndpointId, asEventId, type EndpointId } from "../core/brand.ts";
import {
  isWanted,
  type LetterEntry,
  type LetterFilter,
  type LetterGroup,
  type LetterGroups,
  type LetterOrder,
  type LetterSummary,
  needsLook,
} from "../core/letter.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import type { LetterIndex } from "../queue/ports.ts";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/** Entries that one page looks at when its filter wants to see each: 4 ms of work, a third of it Redis'. */
const LOOKED_AT_MAX = 500;
/** So many times as many letters are looked at for their groups. */
const GROUPED_WINDOWS = 200;
const GROUPS_MAX = 500;

/**
 * Lua, to be put before a script whose KEYS end with `addedKeys` from `firstKey` on: `addEntry(firstKey, at, id, summary)`
 * is true where there was no such entry. One that is there keeps its time.
 */
export const ADD_ENTRY = `
local function addEntry(firstKey, at, id, summary)
  local isNew = redis.call('ZADD', KEYS[firstKey], 'NX', at, id) == 1
  for i = firstKey + 1, #KEYS - 1 do redis.call('ZADD', KEYS[i], 'NX', at, id) end
  redis.call('HSET', KEYS[#KEYS], id, summary)
  return isNew
end
`;

/** The set of all, that of its endpoint, and the summaries. */
export const addedKeys = (keys: Keys, endpointId: EndpointId | null): readonly string[] => [
  keys.letters,
  ...(endpointId === null ? [] : [keys.lettersOf(endpointId)]),
  keys.letterSummaries,
];

export function summaryText(letter: LetterSummary): string {
  const { id: _, buriedAt: __, ...stored } = letter;
  return JSON.stringify(stored);
}

const ADD = `${ADD_ENTRY}
return addEntry(1, ARGV[1], ARGV[2], ARGV[3]) and 1 or 0`;

/** For scripts whose KEYS end with `entryKeys` from `firstKey` on, and whose ARGV end with the entries' ids. */
export const REMOVE_ENTRIES = `
local function removeEntries(firstKey, firstId)
  for i = firstId, #ARGV do
    redis.call('ZREM', KEYS[firstKey + 1], ARGV[i])
    redis.call('ZREM', KEYS[firstKey + 2 + i - firstId], ARGV[i])
    redis.call('HDEL', KEYS[firstKey], ARGV[i])
  end
end`;

/** The summaries, the set of all, and for each entry the set of its endpoint. */
export const entryKeys = (keys: Keys, entries: readonly LetterEntry[]): readonly string[] => [
  keys.letterSummaries,
  keys.letters,
  ...entries.map(({ endpointId }) => setOf(keys, endpointId)),
];

const REMOVE = `${REMOVE_ENTRIES}
removeEntries(1, 1)`;

// A window of ranks, from the oldest at 0: cut by time, then by the cursor, then to \`count\` entries from its old or
// its new end. A cursor's own entry may be gone (a replay removes what it has passed), so its place among those of the
// same millisecond is searched for; by bytes, as Redis orders them, because Lua's own comparison follows the locale.
const WINDOW = `
local order, since, before, score, id, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    if a:byte(i) ~= b:byte(i) then return a:byte(i) < b:byte(i) end
  end
  return #a < #b
end
local function below(bound) return redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. bound) end
local low, high = below(since), below(before) - 1
if id ~= '' then
  local from = below(score)
  local to = from + redis.call('ZCOUNT', KEYS[1], score, score)
  while from < to do
    local middle = math.floor((from + to) / 2)
    if precedes(redis.call('ZRANGE', KEYS[1], middle, middle)[1], id) then from = middle + 1 else to = middle end
  end
  if order == 'newest' then
    high = math.min(high, from - 1)
  else
    if redis.call('ZRANGE', KEYS[1], from, from)[1] == id then from = from + 1 end
    low = math.max(low, from)
  end
end
local isMore = high - low + 1 > count and 1 or 0
if order == 'newest' then low = math.max(low, high - count + 1) else high = math.min(high, low + count - 1) end
if high < low then return { 0, {}, {} } end
local ranked = redis.call('ZRANGE', KEYS[1], low, high, 'WITHSCORES')
local ids = {}
for i = 1, #ranked, 2 do ids[#ids + 1] = ranked[i] end
return { isMore, ranked, redis.call('HMGET', KEYS[2], unpack(ids)) }`;

const windowAnswer = z.tuple([z.number(), z.array(z.string()), z.array(z.string().nullable())]);

const storedSchema = z.object({
  eventId: z.string().transform(asEventId).nullable(),
  eventType: z.string().nullable(),
  endpointId: z.string().transform(asEndpointId).nullable(),
  because: z.enum(BURY_REASONS),
  attempts: z.number(),
  lastStatus: z.number().nullable().default(null),
});

/** The summary of a letter whose own is damaged: the letter itself may be well. */
const UNREADABLE: z.output<typeof storedSchema> = {
  eventId: null,
  eventType: null,
  endpointId: null,
  because: "invalid",
  attempts: 0,
  lastStatus: null,
};

interface Entry {
  readonly id: string;
  /** Epoch ms at which its letter was buried. */
  readonly at: number;
  /** Null where the set knows a letter that the summaries do not. */
  readonly stored: z.output<typeof storedSchema> | null;
}

interface Window {
  readonly entries: readonly Entry[];
  readonly isMore: boolean;
}

export function createLetterIndex(redis: Redis, keys: Keys): LetterIndex {
  const readWindow = windowReader(redis, keys);
  const runAdd = prepareScript(redis, ADD);
  const runRemove = prepareScript(redis, REMOVE);

  const remove = async (entries: readonly LetterEntry[]): Promise<void> => {
    if (entries.length === 0) return;
    await runRemove(
      entryKeys(keys, entries),
      entries.map(({ id }) => id),
    );
  };

  const walk: LetterIndex["walk"] = async (filter, order, page) => {
    const look = needsLook(filter) ? LOOKED_AT_MAX : page.limit;
    const window = await readWindow(filter, order, { ...page, limit: look });
    const strays = window.entries.filter(({ stored }) => stored === null);
    await remove(strays.map(({ id }) => ({ id, endpointId: filter.endpoint ?? null })));
    return pageOf(window, filter, page.limit);
  };

  return {
    add: async (letter) => {
      const { id, buriedAt, endpointId } = letter;
      const args = [Date.parse(buriedAt), id, summaryText(letter)];
      return (await runAdd(addedKeys(keys, endpointId), args)) === 1;
    },
    remove,
    walk,
    count: async (filter) => {
      if (needsLook(filter)) return await countByLooking(walk, filter);
      const [since, before] = bounds(filter);
      return await redis.zcount(setOf(keys, filter.endpoint ?? null), since, `(${before}`);
    },
    groups: (filter) => groupByLooking(walk, filter),
    missing: async (ids) => {
      if (ids.length === 0) return [];
      const found = await redis.hmget(keys.letterSummaries, ...ids);
      return ids.filter((_, index) => found[index] === null);
    },
  };
}

/** Looks at a bounded number of letters, the newest ones. */
export async function groupByLooking(walk: LetterIndex["walk"], filter: LetterFilter): Promise<LetterGroups> {
  const groups = new Map<string, LetterGroup>();
  let [counted, after]: [number, string | null] = [0, null];
  for (let windows = 0; windows < GROUPED_WINDOWS; windows += 1) {
    const page: Page<LetterSummary> = await walk(filter, "newest", { after, limit: LOOKED_AT_MAX });
    for (const letter of page.data) addToGroup(groups, letter);
    counted += page.data.length;
    after = page.next;
    if (after === null) break;
  }
  const largest = [...groups.values()].sort((one, other) => other.count - one.count);
  return {
    groups: largest.slice(0, GROUPS_MAX),
    counted,
    isComplete: after === null,
    hasMore: largest.length > GROUPS_MAX,
  };
}

/** They come newest first. */
function addToGroup(groups: Map<string, LetterGroup>, letter: LetterSummary): void {
  const { endpointId, because, lastStatus, buriedAt } = letter;
  const name = `${endpointId} ${because} ${lastStatus}`;
  const before = groups.get(name);
  const newestAt = before?.newestAt ?? buriedAt;
  const count = (before?.count ?? 0) + 1;
  groups.set(name, { endpointId, because, lastStatus, count, oldestAt: buriedAt, newestAt });
}

async function countByLooking(walk: LetterIndex["walk"], filter: LetterFilter): Promise<number> {
  let count = 0;
  let after: string | null = null;
  do {
    const page: Page<LetterSummary> = await walk(filter, "oldest", { after, limit: LOOKED_AT_MAX });
    count += page.data.length;
    after = page.next;
  } while (after !== null);
  return count;
}

function windowReader(redis: Redis, keys: Keys) {
  const runWindow = prepareScript(redis, WINDOW);
  return async (filter: LetterFilter, order: LetterOrder, { after, limit }: PageRequest): Promise<Window> => {
    const answer = await runWindow(
      [setOf(keys, filter.endpoint ?? null), keys.letterSummaries],
      [order, ...bounds(filter), ...readCursor(after), limit],
    );
    const [isMore, ranked, summaries] = windowAnswer.parse(answer);
    const entries = summaries.map((text, index) => ({
      id: ranked[index * 2] ?? "",
      at: Number(ranked[index * 2 + 1]),
      stored: text === null ? null : (readText(storedSchema, text) ?? UNREADABLE),
    }));
    return { entries: order === "newest" ? entries.reverse() : entries, isMore: isMore === 1 };
  };
}

function pageOf({ entries, isMore }: Window, filter: LetterFilter, limit: number): Page<LetterSummary> {
  const data: LetterSummary[] = [];
  for (const [index, entry] of entries.entries()) {
    const { id, at, stored } = entry;
    if (stored === null || !isWanted(filter, stored)) continue;
    data.push({ id, ...stored, buriedAt: new Date(at).toISOString() });
    if (data.length < limit) continue;
    const isLast = index === entries.length - 1 && !isMore;
    return { data, next: isLast ? null : cursorOf(entry) };
  }
  const last = entries.at(-1);
  return { data, next: isMore && last !== undefined ? cursorOf(last) : null };
}

const setOf = (keys: Keys, endpoint: EndpointId | null): string =>
  endpoint === null ? keys.letters : keys.lettersOf(endpoint);

/** Epoch ms in Redis' terms: from this on, and before that. */
const bounds = ({ since, until }: LetterFilter): readonly [number | string, number | string] => [
  since ?? "-inf",
  until ?? "+inf",
];

const CURSOR = /^(\d{1,16}):(.{1,200})$/s;

/** `letterPlace` of one whose letter may be gone. */
const cursorOf = ({ at, id }: Entry): string => `${at}:${id}`;

function readCursor(cursor: string | null): readonly [string, string] {
  if (cursor === null) return ["", ""];
  const [, at, id] = CURSOR.exec(cursor) ?? [];
  if (at === undefined || id === undefined) throw cursorInvalid(cursor);
  return [at, id];
}
