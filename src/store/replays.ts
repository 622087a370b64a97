/**
 * The record of replays of many dead letters: what was asked for, how far each has come, and who works on it. It is written after every
 * slice, so that a replay survives whoever runs it. Kept for as long as events are, from the last time something
 * happened to it.
 */
import { z } from "zod";
import { asEndpointId } from "../core/brand.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import { type HeldReplay, REPLAY_STATES, type Replay } from "../core/replay.ts";
import { BURY_REASONS } from "../core/verdict.ts";
import type { LetterIndex, ReplayBook } from "../queue/ports.ts";
import type { Keys } from "./keys.ts";
import { entryKeys, REMOVE_ENTRIES } from "./letter-index.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

/** Each is looked at every second by every worker. */
const OPEN_MAX = 100;
/** A slice takes a fraction of it; a dead process's replay is taken over after it. */
const LEASE_MS = 10_000;

/** Of the list, the oldest go first. */
const LISTED_MAX = 1_000;

// KEYS: the replay, the open ones, the list. ARGV: its id, retention, when it was begun, then its fields.
const ADD = `
if redis.call('SCARD', KEYS[2]) >= ${OPEN_MAX} then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -${LISTED_MAX + 1})
return 1`;

// Begins with a write that needs no memory, so that Redis lets it go on when memory is short: somebody who wants a
// replay to stop must be heard.
const SWAP_STATE = `
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if redis.call('HGET', KEYS[1], 'state') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[4], 'finishedAt', ARGV[5])
if ARGV[5] ~= '' then redis.call('SREM', KEYS[2], ARGV[1]) end
return 1`;

// KEYS: the replay, the open ones, the lease. ARGV: its id, the holder, the lease's length.
const HOLD = `
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[2] then return {} end
local state = redis.call('HGET', KEYS[1], 'state')
if not state then redis.call('SREM', KEYS[2], ARGV[1]) end
if state ~= 'running' then return {} end
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
return redis.call('HGETALL', KEYS[1])`;

// KEYS as above, then of the index. ARGV: its id, the holder, retention, cursor, replayed, skipped, failed, failures,
// when it was done, then the ids of the letters that are no more: they leave the index as they are counted.
// What was cancelled meanwhile stays cancelled, with the count of what had been done.
const ADVANCE = `${REMOVE_ENTRIES}
if redis.call('GET', KEYS[3]) ~= ARGV[2] then return end
redis.call('HSET', KEYS[1], 'cursor', ARGV[4], 'failures', ARGV[8])
redis.call('HINCRBY', KEYS[1], 'replayed', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'skipped', ARGV[6])
redis.call('HINCRBY', KEYS[1], 'failed', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if ARGV[9] ~= '' and redis.call('HGET', KEYS[1], 'state') ~= 'cancelled' then
  redis.call('HSET', KEYS[1], 'state', 'done', 'finishedAt', ARGV[9])
  redis.call('SREM', KEYS[2], ARGV[1])
end
removeEntries(4, 10)`;

const LET_GO = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

const aboutSchema = z.object({
  filter: z.object({
    endpoint: z.string().transform(asEndpointId).exactOptional(),
    type: z.string().exactOptional(),
    reason: z.enum(BURY_REASONS).exactOptional(),
    since: z.number().exactOptional(),
    until: z.number().exactOptional(),
  }),
  ratePerSecond: z.number(),
  to: z.string().transform(asEndpointId).nullable(),
  createdAt: z.string(),
  total: z.number(),
});

const failuresSchema = z.array(z.object({ id: z.string(), problem: z.string() }));

const orNull = (text: string): string | null => (text === "" ? null : text);

const fieldsSchema = z.object({
  about: z.string().transform((text) => aboutSchema.parse(JSON.parse(text))),
  state: z.enum(REPLAY_STATES),
  finishedAt: z.string().transform(orNull),
  cursor: z.string().transform(orNull),
  replayed: z.coerce.number(),
  skipped: z.coerce.number(),
  failed: z.coerce.number(),
  failures: z.string().transform((text) => failuresSchema.parse(JSON.parse(text))),
});

export function createReplayBook(redis: Redis, keys: Keys, retentionMs: number): ReplayBook {
  const runAdd = prepareScript(redis, ADD);
  const runSwapState = prepareScript(redis, SWAP_STATE);
  const runHold = prepareScript(redis, HOLD);
  const runAdvance = prepareScript(redis, ADVANCE);
  const runLetGo = prepareScript(redis, LET_GO);
  const keysOf = (id: string): readonly string[] => [keys.replay(id), keys.openReplays, keys.replayLease(id)];

  return {
    add: async (replay) => {
      const { id, createdAt } = replay;
      const fields = Object.entries(fieldsOf(replay)).flat();
      const args = [id, retentionMs, Date.parse(createdAt), ...fields];
      return (await runAdd([keys.replay(id), keys.openReplays, keys.replays], args)) === 1;
    },
    list: (page) => listReplays(redis, keys, page),
    read: async (id) => heldFrom(id, await redis.hgetall(keys.replay(id)))?.replay ?? null,
    swapState: async (id, from, to, finishedAt) =>
      (await runSwapState(
        [keys.replay(id), keys.openReplays],
        [id, retentionMs, from, to, finishedAt ?? ""],
      )) === 1,
    open: () => redis.smembers(keys.openReplays),
    hold: async (id, holder) => {
      const flat = z.array(z.string()).parse(await runHold(keysOf(id), [id, holder, LEASE_MS]));
      const fields = flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]]] : []));
      return heldFrom(id, Object.fromEntries(fields));
    },
    advance: async (id, holder, progress) => {
      const { cursor, replayed, skipped, failed, failures, finishedAt, dealtWith } = progress;
      const counts = [replayed, skipped, failed];
      await runAdvance(
        [...keysOf(id), ...entryKeys(keys, dealtWith)],
        [
          id,
          holder,
          retentionMs,
          cursor ?? "",
          ...counts,
          JSON.stringify(failures),
          finishedAt ?? "",
          ...dealtWith.map((letter) => letter.id),
        ],
      );
    },
    letGo: async (id, holder) => {
      await runLetGo([keys.replayLease(id)], [holder]);
    },
  };
}

/** A book that does not lie where the letters do: their entries go after what they came to is written down. */
export const bookApart = (book: ReplayBook, index: Pick<LetterIndex, "remove">): ReplayBook => ({
  ...book,
  advance: async (id, holder, progress) => {
    await book.advance(id, holder, { ...progress, dealtWith: [] });
    await index.remove(progress.dealtWith);
  },
});

function fieldsOf(replay: Replay): Readonly<Record<string, string | number>> {
  const { filter, ratePerSecond, to, createdAt, total, state, replayed, skipped, failed, failures } = replay;
  return {
    about: JSON.stringify({ filter, ratePerSecond, to, createdAt, total }),
    state,
    finishedAt: "",
    cursor: "",
    replayed,
    skipped,
    failed,
    failures: JSON.stringify(failures),
  };
}

/** As many may have been begun in one millisecond as it takes to make a page short. */
const SAME_TIME = 50;

async function listReplays(redis: Redis, keys: Keys, { after, limit }: PageRequest): Promise<Page<Replay>> {
  const place = after === null ? null : readCursor(after);
  const most = limit + SAME_TIME;
  const newest = place === null ? "+inf" : place.at;
  const range = await redis.zrevrangebyscore(keys.replays, newest, "-inf", "WITHSCORES", "LIMIT", 0, most);
  const found = range.flatMap((id, index) => (index % 2 === 0 ? [{ id, at: Number(range[index + 1]) }] : []));
  const news = found.filter(({ id, at }) => place === null || at < place.at || id < place.id);
  const shown = news.slice(0, limit);
  const replays = await Promise.all(shown.map(async ({ id }) => await readOne(redis, keys, id)));
  const isMore = news.length > limit || found.length === most;
  const last = shown.at(-1) ?? found.at(-1);
  const next = isMore && last !== undefined ? `${last.at}:${last.id}` : null;
  return { data: replays.flatMap((one) => one ?? []), next };
}

/** Takes one out of the list that is remembered no more. A damaged one hides none of the others. */
async function readOne(redis: Redis, keys: Keys, id: string): Promise<Replay | null> {
  const fields = await redis.hgetall(keys.replay(id));
  if (Object.keys(fields).length === 0) await redis.zrem(keys.replays, id);
  try {
    return heldFrom(id, fields)?.replay ?? null;
  } catch {
    return null;
  }
}

const CURSOR = /^(\d{1,16}):([\w-]{1,100})$/;

function readCursor(cursor: string): { readonly at: number; readonly id: string } {
  const [, at, id] = CURSOR.exec(cursor) ?? [];
  if (at === undefined || id === undefined) throw cursorInvalid(cursor);
  return { at: Number(at), id };
}

function heldFrom(id: string, fields: Readonly<Record<string, unknown>>): HeldReplay | null {
  if (Object.keys(fields).length === 0) return null;
  const { about, cursor, ...progress } = fieldsSchema.parse(fields);
  return { replay: { id, ...about, ...progress }, cursor };
}
