/**
 * Stored callbacks: each once for its source, its id and its standing, so that what nobody has proven never takes the place
 * of what was. Kept for as long as events are, and within bounds: what was refused makes room for itself alone, and of the
 * rest what was flagged goes before what is valid, the oldest first.
 */
import { hash } from "node:crypto";
import { z } from "zod";
import { asCallbackId, asSourceId, type CallbackId, type SourceId } from "../core/brand.ts";
import {
  CALLBACK_SIGNATURES,
  type Callback,
  type CallbackContent,
  type CallbackCount,
  type CallbackFilter,
  type CallbackOrder,
  isOfType,
  standingOf,
  type WholeCallback,
} from "../core/callback.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";
import { answersOf } from "./answers.ts";
import {
  COUNT_FORWARD,
  callbackKey,
  FACETS,
  type Facet,
  facetKey,
  MARK,
  PLACES_PER_MS,
  STORE,
  sequenceKey,
} from "./callback-scripts.ts";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";

export interface NewCallback extends Omit<CallbackContent, "id"> {
  /** As much of it as is to be kept. */
  readonly body: Uint8Array;
  /** Of all of it: the same digest is the same body. */
  readonly digest: string;
}

export interface Stored {
  readonly id: CallbackId;
  readonly copies: number;
  /** Others that were removed before their time, to make room. */
  readonly removed: number;
}

/** A page, and where to go on for what comes after it. */
export interface CallbackPage extends Page<Callback> {
  readonly latest: string;
}

export interface Callbacks {
  readonly store: (callback: NewCallback, nowMs: number) => Promise<Stored>;
  readonly page: (
    filter: CallbackFilter,
    order: CallbackOrder,
    request: PageRequest,
  ) => Promise<CallbackPage>;
  readonly find: (id: CallbackId) => Promise<WholeCallback | null>;
  /** Of everything first, then of each source. */
  readonly count: (sources: readonly SourceId[]) => Promise<readonly CallbackCount[]>;
  /** The place of the newest: what comes from now on comes after it. */
  readonly latest: () => Promise<string>;
  /** `seenAt` in epoch ms, null for "not seen"; a callback's cursor where it is meant only as it was. Resolves with how many were changed. */
  readonly mark: (
    ones: readonly { readonly id: CallbackId; readonly cursor?: string }[],
    seenAt: number | null,
  ) => Promise<number>;
  /** Resolves with how often it has been forwarded, this time included; null where it is gone. */
  readonly countForward: (id: CallbackId) => Promise<number | null>;
}

interface CallbackBounds {
  /** Callbacks that were answered with a refusal. */
  readonly refused: number;
  /** All others, and the bytes they may take. */
  readonly kept: number;
  readonly keptBytes: number;
}

/** The refused ones take 23 MB at the most; the others a quarter of a gigabyte. */
export const CALLBACK_BOUNDS: CallbackBounds = {
  refused: 1_000,
  kept: 50_000,
  keptBytes: 256 * 1_024 * 1_024,
};

interface CallbackSettings {
  readonly retentionMs: number;
  readonly bounds: CallbackBounds;
  readonly now: () => number;
}

/** Callbacks that one page looks at where its filter wants to see each. */
const LOOKED_AT_MAX = 500;

const contentSchema = z.object({
  source: z.string().transform(asSourceId),
  callbackId: z.string(),
  type: z.string().nullable(),
  signature: z.enum(CALLBACK_SIGNATURES),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  isAccepted: z.boolean(),
  headers: z.record(z.string(), z.string()),
  bodyBytes: z.number(),
});

const storedAnswer = z.tuple([z.number(), z.number()]);
const FIELDS = ["content", "at", "received", "last", "copies", "forwards", "seen"] as const;
const rowSchema = z.array(z.string().nullable());

function callbackIdOf(content: Omit<CallbackContent, "id">): CallbackId {
  const parts = [content.source, standingOf(content), content.callbackId].join("\n");
  return asCallbackId(`cb_${hash("sha256", parts, "hex").slice(0, 32)}`);
}

export function createCallbacks(redis: Redis, keys: Keys, settings: CallbackSettings): Callbacks {
  const { retentionMs, bounds, now } = settings;
  const runStore = prepareScript(redis, STORE);
  const runMark = prepareScript(redis, MARK);
  const runCountForward = prepareScript(redis, COUNT_FORWARD);
  const latest = async (): Promise<string> => (await redis.get(sequenceKey(keys))) ?? "0";
  /** The place from which on what is there counts; what is older only waits to be removed. */
  const oldest = (): number => Math.max(0, (now() - retentionMs) * PLACES_PER_MS);

  return {
    store: async ({ body, digest, ...content }, nowMs) => {
      const { source, signature } = content;
      const id = callbackIdOf(content);
      const limits = [bounds.refused, bounds.kept, bounds.keptBytes];
      const about = [id, source, standingOf(content), signature, digest, nowMs, retentionMs];
      const args = [...about, JSON.stringify(content), Buffer.from(body), ...limits];
      const [copies, removed] = storedAnswer.parse(await runStore([keys.inbox], args));
      return { id, copies, removed };
    },
    page: async (filter, order, request) => {
      // Asked for first: what comes meanwhile is then rather told twice than never.
      const newest = await latest();
      const window = await readWindow(redis, keys, { filter, order, request, oldest: oldest() });
      const page = pageOf(window, filter, request.limit);
      const read = order === "oldest" ? Number(window.rows.at(-1)?.at ?? 0) : 0;
      return { ...page, latest: String(Math.max(Number(newest), page.next === null ? read : 0)) };
    },
    find: async (id) => {
      const key = callbackKey(keys, id);
      const [fields, body] = await Promise.all([redis.hmget(key, ...FIELDS), redis.hgetBuffer(key, "body")]);
      const callback = toCallback(id, fields);
      return callback === null || body === null ? null : { ...callback, body };
    },
    count: async (sources) => {
      const pipeline = redis.pipeline();
      const from = oldest();
      for (const source of [null, ...sources])
        for (const facet of FACETS) pipeline.zcount(facetKey(keys, source, facet), from, "+inf");
      const counts = z.array(z.number()).parse(await answersOf(pipeline.exec()));
      return [null, ...sources].map((_, index) => {
        const [total = 0, unseen = 0, invalid = 0, unsigned = 0] = counts.slice(index * FACETS.length);
        return { total, unseen, invalid, unsigned };
      });
    },
    latest,
    mark: async (ones, seenAt) => {
      if (ones.length === 0) return 0;
      const args = [seenAt ?? "", ...ones.flatMap(({ id, cursor = "" }) => [id, cursor])];
      return Number(await runMark([keys.inbox], args));
    },
    countForward: async (id) => Number(await runCountForward([callbackKey(keys, id)], [])) || null,
  };
}

interface Row {
  readonly at: string;
  /** Null for one that is gone. */
  readonly callback: Callback | null;
}

interface Window {
  readonly rows: readonly Row[];
  readonly isMore: boolean;
}

interface Look {
  readonly filter: CallbackFilter;
  readonly order: CallbackOrder;
  readonly request: PageRequest;
  readonly oldest: number;
}

async function readWindow(redis: Redis, keys: Keys, look: Look): Promise<Window> {
  const { filter, order, request } = look;
  const { facet, isEnough } = facetFor(filter);
  const key = facetKey(keys, filter.source ?? null, facet);
  const most = isEnough ? request.limit : LOOKED_AT_MAX;
  const [from, to] = boundsOf(look);
  const flat =
    order === "newest"
      ? await redis.zrevrangebyscore(key, to, from, "WITHSCORES", "LIMIT", 0, most + 1)
      : await redis.zrangebyscore(key, from, to, "WITHSCORES", "LIMIT", 0, most + 1);
  const found = flat.flatMap((id, index) => (index % 2 === 0 ? [{ id, at: flat[index + 1] ?? "" }] : []));
  const pipeline = redis.pipeline();
  for (const { id } of found) pipeline.hmget(callbackKey(keys, id), ...FIELDS);
  const answers = z.array(rowSchema).parse(found.length === 0 ? [] : await answersOf(pipeline.exec()));
  const rows = found.map(({ id, at }, index) => ({
    at,
    callback: toCallback(asCallbackId(id), answers[index] ?? []),
  }));
  return { rows: rows.slice(0, most), isMore: rows.length > most };
}

/** The smallest set that has all that is asked for; and whether it has nothing else. */
function facetFor({ isSeen, signature, type }: CallbackFilter): {
  readonly facet: Facet;
  readonly isEnough: boolean;
} {
  const isOfAnyType = type === undefined || type === "*";
  if (isSeen === false) return { facet: "unseen", isEnough: signature === undefined && isOfAnyType };
  if (signature === "invalid" || signature === "unsigned")
    return { facet: signature, isEnough: isSeen === undefined && isOfAnyType };
  return { facet: "all", isEnough: isSeen === undefined && signature === undefined && isOfAnyType };
}

const CURSOR = /^\d{1,16}$/;

/** The lowest and the highest place, as Redis wants them. */
function boundsOf({ filter, order, request, oldest }: Look): readonly [string, string] {
  const { after } = request;
  if (after !== null && !CURSOR.test(after)) throw cursorInvalid(after);
  const since = Math.max(oldest, (filter.since ?? 0) * PLACES_PER_MS);
  const until = filter.until === undefined ? Number.POSITIVE_INFINITY : filter.until * PLACES_PER_MS;
  const place = after === null ? null : Number(after);
  if (order === "newest") {
    const end = Math.min(until, place ?? Number.POSITIVE_INFINITY);
    return [String(since), Number.isFinite(end) ? `(${end}` : "+inf"];
  }
  const begin = place !== null && place >= since ? `(${place}` : String(since);
  return [begin, Number.isFinite(until) ? `(${until}` : "+inf"];
}

function pageOf({ rows, isMore }: Window, filter: CallbackFilter, limit: number): Page<Callback> {
  const data: Callback[] = [];
  for (const [index, { at, callback }] of rows.entries()) {
    if (callback === null || !isWanted(filter, callback)) continue;
    data.push(callback);
    if (data.length < limit) continue;
    return { data, next: index < rows.length - 1 || isMore ? at : null };
  }
  return { data, next: isMore ? (rows.at(-1)?.at ?? null) : null };
}

function isWanted({ type, signature, isSeen }: CallbackFilter, one: Callback): boolean {
  return (
    (type === undefined || isOfType(type, one.type)) &&
    (signature === undefined || one.signature === signature) &&
    (isSeen === undefined || (one.seenAt !== null) === isSeen)
  );
}

/** Null for one that is gone, or that a later version has written. */
function toCallback(id: CallbackId, fields: readonly (string | null)[]): Callback | null {
  const [text = null, at, received, last, copies, forwards, seen = null] = fields;
  const content = text === null ? null : readText(contentSchema, text);
  if (content === null) return null;
  return {
    id,
    ...content,
    cursor: at ?? "0",
    receivedAt: Number(received),
    lastReceivedAt: Number(last),
    copies: Number(copies),
    forwards: Number(forwards ?? 0),
    seenAt: seen === null ? null : Number(seen),
  };
}
