/**
 * The bridge's loop: take messages, publish what they say, and only then forget them. What could not be published
 * stays with its source and comes again in the next round, so that no failure and no kill between two steps loses one;
 * a repetition is the same event, which Hookwave delivers once. It knows neither Redis nor where the counts are shown.
 */
import type { BridgeCounts, BridgeNews, BridgeSide } from "../core/bridge.ts";
import { HookwaveError, summarise } from "../core/errors.ts";
import { digestOf, readMessage } from "./bridge-message.ts";
import type { BridgeSource, BusMessage, PublishBridged } from "./bridge-ports.ts";

/** Messages in flight: two batches of the publisher, and 32 MiB where all are as large as they may be. */
const ROUND_MAX = 128;
/** Short enough for a bridge that is told to end. */
const WAIT_MS = 1_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

export interface BridgeDeps {
  readonly source: BridgeSource;
  readonly publish: PublishBridged;
  readonly tell: (news: BridgeNews) => void;
  /** Resolves after `ms`, or as soon as it is told to stop. */
  readonly pause: (ms: number, stop: AbortSignal) => Promise<void>;
}

export interface Bridge {
  /** Goes on until it is told to stop; then it publishes what it has, unless that fails, and takes nothing more. */
  readonly run: (stop: AbortSignal) => Promise<void>;
  readonly counts: () => BridgeCounts;
}

interface Settled {
  readonly message: BusMessage;
  readonly fate: "published" | "own" | "refused" | "kept";
  readonly problem: string;
  readonly error?: unknown;
}

export function createBridge({ source, publish, tell, pause }: BridgeDeps): Bridge {
  const count = { published: 0, own: 0, refused: 0 };
  const sides = watchSides(tell);

  const settle = async (messages: readonly BusMessage[]): Promise<boolean> => {
    const settled = await Promise.all(messages.map((message) => fateOf(message, publish)));
    const of = (fate: Settled["fate"]) => settled.filter((one) => one.fate === fate);
    const [published, own] = [of("published"), of("own")];
    if (published.length > 0) sides.worked("hookwave");
    await source.remove([...published, ...own].map(({ message }) => message));
    count.published += published.length;
    count.own += own.length;
    for (const { message, problem } of of("refused")) {
      await source.bury(message);
      count.refused += 1;
      tell({ kind: "refused", digest: digestOf(message), bytes: message.length, problem });
    }
    const kept = of("kept").at(0);
    if (kept !== undefined) sides.failed("hookwave", kept.error);
    return kept === undefined;
  };

  /** One round; `isDone` when all that it took is settled. */
  const round = async (): Promise<{ readonly taken: number; readonly isDone: boolean }> => {
    try {
      const messages = await source.take(ROUND_MAX, WAIT_MS);
      const isDone = messages.length === 0 || (await settle(messages));
      if (source.standing().isDeaf) sides.failed("source", new Error("the connection is lost"));
      else sides.worked("source");
      return { taken: messages.length, isDone };
    } catch (error) {
      sides.failed("source", error);
      return { taken: 0, isDone: false };
    }
  };

  return {
    run: async (stop) => {
      let failures = 0;
      while (!stop.aborted) {
        const { isDone } = await round();
        failures = isDone ? 0 : failures + 1;
        if (!isDone) await pause(retryInMs(failures), stop);
      }
      source.finish();
      let last = await round();
      while (last.taken > 0 && last.isDone) last = await round();
    },
    counts: () => {
      const standing = source.standing();
      const { published, own, refused } = count;
      const received = published + own + refused + standing.waiting + standing.dropped;
      return { received, ...count, ...standing };
    },
  };
}

async function fateOf(message: BusMessage, publish: PublishBridged): Promise<Settled> {
  const read = readMessage(message);
  if (read.kind === "own") return { message, fate: "own", problem: "" };
  if (read.kind === "unreadable") return { message, fate: "refused", problem: read.problem };
  try {
    await publish(read.event);
    return { message, fate: "published", problem: "" };
  } catch (error) {
    return { message, fate: isForGood(error) ? "refused" : "kept", problem: summarise(error).message, error };
  }
}

/** Would the same message be refused for ever? Anything else is tried again: it may be the fault of an outage. */
const isForGood = (error: unknown): boolean =>
  error instanceof HookwaveError && ["EVENT_INVALID", "EVENT_TOO_LARGE"].includes(error.code);

const retryInMs = (failures: number): number =>
  Math.min(RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 10), RETRY_MAX_MS);

/** Tells the beginning and the end of a side's trouble, not each of its failures. */
function watchSides(tell: (news: BridgeNews) => void) {
  const inTrouble = new Set<BridgeSide>();
  return {
    failed: (side: BridgeSide, error: unknown): void => {
      if (inTrouble.has(side)) return;
      inTrouble.add(side);
      tell({ kind: "trouble", side, error: summarise(error) });
    },
    worked: (side: BridgeSide): void => {
      if (inTrouble.delete(side)) tell({ kind: "recovered", side });
    },
  };
}
