/**
 * What the workers need done with what they read. Owned here, by the consumer; app.ts plugs in the deliver stage.
 */
import type { Delivery } from "../core/delivery.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { BuryReason, Verdict } from "../core/verdict.ts";

export interface EventsBatch {
  readonly events: readonly PublishedEvent[];
  /** Who claims them: the job that first held them. */
  readonly holder: string;
  /** Epoch ms at which they were stored. */
  readonly acceptedAt: number;
}

/** Resolves when every delivery of the batch is settled or scheduled; throws only for a failure of our own. */
export type Dispatch = (batch: EventsBatch) => Promise<void>;

export interface Settled {
  readonly verdict: Verdict;
  /** The delivery with what was just tried. */
  readonly delivery: Delivery;
}

export interface Resume {
  /** One attempt; throws only for a failure of our own. */
  readonly resume: (delivery: Delivery) => Promise<Settled>;
  /** No further attempt; tells what became of the delivery, which may have been settled before. */
  readonly giveUp: (delivery: Delivery, because: BuryReason) => Promise<Settled>;
}

/** Redis beneath BullMQ, for what has got among its keys. */
export interface RawKeys {
  readonly type: (key: string) => Promise<string>;
  readonly hgetall: (key: string) => Promise<Record<string, string>>;
  readonly hmget: (key: string, ...fields: string[]) => Promise<readonly (string | null)[]>;
  readonly hdel: (key: string, ...fields: string[]) => Promise<number>;
  readonly lrange: (key: string, first: number, last: number) => Promise<readonly string[]>;
  readonly eval: (script: string, keyCount: number, ...keysAndArgs: string[]) => Promise<unknown>;
}
