/**
 * The shards' own knowledge of which endpoints there are: of each its incarnation, so that a script which records something of
 * an endpoint is told there, in its own slot, whether that is still registered. What is true the home says; a shard is told of
 * an endpoint before it is there, and of its end after it.
 */
import { setTimeout as pause } from "node:timers/promises";
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import { incarnationIn } from "./endpoint-record.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";
import { prepareScript } from "./script.ts";
import { statisticsKeys } from "./statistics.ts";

interface Place {
  readonly redis: Redis;
  readonly keys: Keys;
}

export interface Outlying {
  /** Adds one of this record by `create`, which answers with 0 where there is one of its id. */
  readonly adding: (
    id: EndpointId,
    text: string,
    nowMs: number,
    create: () => Promise<number>,
  ) => Promise<number>;
  /** `text` is the record that is gone: another one of its id, added since, is not this one. */
  readonly removed: (id: EndpointId, text: string, nowMs: number) => Promise<void>;
  /** Tells each shard that some endpoint is another one now: who claims an event there looks at home before it is sent. */
  readonly changed: () => Promise<void>;
  /** Tells each shard what it does not know, or knows of one that is gone. */
  readonly settle: (nowMs: number) => Promise<void>;
  /** Settles what a shard that was away has not been told. */
  readonly catchUp: (nowMs: number) => Promise<void>;
}

/** Of an installation that is not divided: all is known where it is. */
export const NONE_OUTLYING: Outlying = {
  adding: (_id, _text, _nowMs, create) => create(),
  removed: async () => undefined,
  changed: async () => undefined,
  settle: async () => undefined,
  catchUp: async () => undefined,
};

/** Longer than any command of whoever adds one may take. */
const ADDED_WITHIN_MS = 2_000;

// KEYS: the outlines, then all that is the endpoint's own. What ended after one of this id was removed may have left something.
const BEGIN = `
redis.call('DEL', unpack(KEYS, 2))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])`;

// ARGV: the id, its outline. Told too late, it would end another one of its id.
const END = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('DEL', unpack(KEYS, 2))`;

export function createOutlying(home: Place, shards: readonly Place[], tell: Tell): Outlying {
  const fail = tellFailure(tell, "outline_endpoints");
  const places = shards.map((shard) => placeOf(shard));
  const tellAll = (work: (one: (typeof places)[number]) => Promise<unknown>): Promise<unknown> =>
    Promise.all(places.map(work));
  let isBehind = false;
  // A shard that has failed over may have lost what it was told last.
  for (const { redis } of shards)
    redis.on("close", () => {
      isBehind = true;
    });

  const look = async () => {
    const known = await Promise.all(places.map((one) => one.read()));
    const records = await home.redis.hgetall(home.keys.endpoints);
    const strangers = known.map((some) => new Map(Object.entries(some).filter(([id]) => !(id in records))));
    return { known, records, strangers };
  };

  const settle = async (nowMs: number): Promise<void> => {
    isBehind = false;
    const { known, records, strangers } = await look();
    await Promise.all(places.map((one, at) => one.learn(known[at] ?? {}, records)));
    if (strangers.every((some) => some.size === 0)) return;
    // One that is being added is in a shard before it is at home.
    await pause(ADDED_WITHIN_MS);
    const { strangers: still } = await look();
    await Promise.all(
      places.map(async (one, at) => {
        const gone = [...(strangers[at] ?? [])].filter(([id, outline]) => still[at]?.get(id) === outline);
        await Promise.all(gone.map(([id, outline]) => one.end(asEndpointId(id), outline, nowMs)));
      }),
    );
  };
  const settleLater = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      isBehind = true;
      fail(error);
    });
  };

  return {
    settle,
    catchUp: async (nowMs) => {
      if (isBehind) await settleLater(settle(nowMs));
    },
    adding: async (id, text, nowMs, create) => {
      if ((await home.redis.hexists(home.keys.endpoints, id)) === 1) return await create();
      await tellAll((one) => one.begin(id, outlineOf(text), nowMs));
      let version = 0;
      try {
        version = await create();
      } finally {
        // Another one of its id came first, or none at all.
        if (version <= 0) await settleLater(settle(nowMs));
      }
      return version;
    },
    changed: () => settleLater(tellAll((one) => one.changed())),
    removed: (id, text, nowMs) => settleLater(tellAll((one) => one.end(id, outlineOf(text), nowMs))),
  };
}

function placeOf({ redis, keys }: Place) {
  const runBegin = prepareScript(redis, BEGIN);
  const runEnd = prepareScript(redis, END);
  const own = (id: EndpointId, nowMs: number): readonly string[] => [
    keys.endpoints,
    keys.attempts(id),
    keys.waiting(id),
    ...statisticsKeys(keys, id, nowMs),
  ];
  return {
    begin: (id: EndpointId, outline: string, nowMs: number) => runBegin(own(id, nowMs), [id, outline]),
    end: (id: EndpointId, outline: string, nowMs: number) => runEnd(own(id, nowMs), [id, outline]),
    changed: () => redis.incr(keys.endpointsVersion),
    read: () => redis.hgetall(keys.endpoints),
    learn: async (
      known: Readonly<Record<string, string>>,
      records: Readonly<Record<string, string>>,
    ): Promise<void> => {
      const outlines = Object.entries(records).map(([id, text]) => [id, outlineOf(text)] as const);
      const missing = outlines.filter(([id, outline]) => known[id] !== outline);
      if (missing.length > 0) await redis.hset(keys.endpoints, ...missing.flat());
    },
  };
}

/** As a record begins: scripts read it there (event-record.ts). */
function outlineOf(text: string): string {
  const incarnation = incarnationIn(text);
  return JSON.stringify({ v: 1, ...(incarnation !== null && { incarnation }) });
}
