/**
 * The stream of the attempts of the whole fleet, as those who watch it have it: read on as it grows, by one blocking
 * connection of this process, and read again from a place that somebody has come to. It is trimmed to the last ten
 * thousand or so. Nothing here costs anything while nobody follows.
 */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { type Tell, tellFailure } from "../core/happening.ts";
import { comparePlaces, type Place, type RecentAttempt } from "../core/live.ts";
import { readRecord } from "./attempt-record.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

interface RecentPage {
  readonly attempts: readonly RecentAttempt[];
  /** The place to go on after. */
  readonly upTo: Place;
  /** True where the stream may have had more after this page when it was read. */
  readonly isFull: boolean;
  /** False where the write that the page begins after is in the stream no more: others may have gone with it. */
  readonly isWhole: boolean;
}

export interface Following {
  /** Resolves once the stream's end is known: from there on, everything is heard. */
  readonly begun: Promise<void>;
  /** The end of what has been heard; null until the stream's own is known. */
  readonly place: () => Place | null;
  readonly stop: () => void;
}

export interface RecentAttempts {
  /** Hears everything from the stream's present end on, in order; waits for a Redis that is away, and goes on from there. */
  readonly follow: (hear: (attempts: readonly RecentAttempt[], upTo: Place) => void) => Following;
  /** The attempts after this place, oldest first; as many as a few writes hold. */
  readonly after: (place: Place) => Promise<RecentPage>;
}

/** Of up to 256 attempts each. */
const WRITES_TOGETHER = 16;
/** Shorter than a connection may be silent (redis.ts). */
const BLOCK_MS = 2_000;
const RETRY_MS = 1_000;
const BEGINNING = "0-0";

const rowsSchema = z.array(z.tuple([z.string(), z.array(z.string())]));
const answerSchema = z.tuple([z.tuple([z.string(), rowsSchema])]).nullable();

type Row = z.output<typeof rowsSchema>[number];

const wholeOf = (entry: string): Place => ({ entry, nth: Number.POSITIVE_INFINITY });

/** `openReader` opens the connection that blocks. */
export function createRecentAttempts(
  redis: Redis,
  { recent }: Keys,
  openReader: () => Redis,
  tell: Tell,
): RecentAttempts {
  const fail = tellFailure(tell, "read_recent_attempts");
  return {
    follow: (hear) => {
      const reader = openReader();
      const begun = Promise.withResolvers<void>();
      let place: string | null = null;
      let isStopped = false;
      const readOn = async (): Promise<void> => {
        place ??= (await reader.xrevrange(recent, "+", "-", "COUNT", 1))[0]?.[0] ?? BEGINNING;
        begun.resolve();
        const asked = ["BLOCK", BLOCK_MS, "STREAMS", recent, place] as const;
        const answer = answerSchema.parse(await reader.xread("COUNT", WRITES_TOGETHER, ...asked));
        const rows = answer?.[0][1] ?? [];
        const last = rows.at(-1);
        if (last === undefined || isStopped) return;
        [place] = last;
        hear(rows.flatMap(attemptsOf), wholeOf(place));
      };
      const readAll = async (): Promise<void> => {
        while (!isStopped) {
          try {
            await readOn();
          } catch (error) {
            if (isStopped) return;
            fail(error);
            await pause(RETRY_MS, undefined, { ref: false });
          }
        }
      };
      void readAll();
      return {
        begun: begun.promise,
        place: () => (place === null ? null : wholeOf(place)),
        stop: () => {
          isStopped = true;
          reader.disconnect();
        },
      };
    },
    after: async (place) => {
      const rows: readonly Row[] = await redis.xrange(recent, place.entry, "+", "COUNT", WRITES_TOGETHER);
      const isWhole = rows[0]?.[0] === place.entry || place.entry === BEGINNING;
      const attempts = rows.flatMap(attemptsOf).filter((one) => comparePlaces(one.place, place) > 0);
      const last = rows.at(-1);
      const upTo = last === undefined ? place : wholeOf(last[0]);
      return { attempts, upTo, isFull: rows.length === WRITES_TOGETHER, isWhole };
    },
  };
}

/** The attempts of one write. Of what cannot be read, the place is passed over. */
function attemptsOf([entry, fields]: Row): readonly RecentAttempt[] {
  return fields.flatMap((text, index) => {
    if (index % 2 === 0) return [];
    const record = readRecord(text);
    return record === null ? [] : [{ place: { entry, nth: (index - 1) / 2 }, record }];
  });
}
