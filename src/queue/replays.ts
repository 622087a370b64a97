/**
 * Replays of many dead letters, as people begin, watch and steer them. Beginning one only writes down what is
 * wanted; replay-runner.ts does it, in whichever process has time.
 */
import type { EndpointId } from "../core/brand.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Page, PageRequest } from "../core/page.ts";
import {
  letterFilterOf,
  REPLAY_RATE,
  type Replay,
  type ReplayOrder,
  type ReplayRequest,
  stateAfterOrder,
} from "../core/replay.ts";
import type { System } from "../core/system.ts";
import type { LetterIndex, ReplayBook } from "./ports.ts";

export interface Replays {
  /** Of the letters that are there now. Throws REPLAY_INVALID, ENDPOINT_UNKNOWN. */
  readonly begin: (request: ReplayRequest) => Promise<Replay>;
  /** Newest first, those that are remembered. Throws CURSOR_INVALID. */
  readonly list: (page: PageRequest) => Promise<Page<Replay>>;
  /** Throws REPLAY_UNKNOWN. */
  readonly get: (id: string) => Promise<Replay>;
  /** Obeyed within a second wherever it runs. Throws REPLAY_UNKNOWN, and REPLAY_INVALID when it is over. */
  readonly order: (id: string, order: ReplayOrder) => Promise<Replay>;
}

interface ReplaysDeps {
  readonly book: ReplayBook;
  readonly index: Pick<LetterIndex, "count">;
  /** Rejects with ENDPOINT_UNKNOWN. */
  readonly insistOnEndpoint: (id: EndpointId) => Promise<void>;
  readonly system: System;
}

export function createReplays({ book, index, insistOnEndpoint, system }: ReplaysDeps): Replays {
  const nowText = (): string => new Date(system.now()).toISOString();

  const get = async (id: string): Promise<Replay> => {
    const replay = await book.read(id);
    if (replay === null) throw replayUnknown(id);
    return replay;
  };

  return {
    get,
    list: book.list,
    begin: async ({ filter = {}, ratePerSecond = REPLAY_RATE.default, to }) => {
      if (!isRate(ratePerSecond)) throw rateInvalid(ratePerSecond);
      if (to !== undefined) await insistOnEndpoint(to);
      const createdAt = nowText();
      const replay: Replay = {
        id: `rpl_${system.uuid()}`,
        filter,
        ratePerSecond,
        to: to ?? null,
        state: "running",
        createdAt,
        finishedAt: null,
        total: await index.count(letterFilterOf({ filter, createdAt })),
        replayed: 0,
        skipped: 0,
        failed: 0,
        failures: [],
      };
      if (!(await book.add(replay))) throw tooManyOpen();
      return replay;
    },
    order: async (id, order) => {
      for (;;) {
        const replay = await get(id);
        const state = stateAfterOrder(replay.state, order);
        if (state === null) throw isOver(replay, order);
        if (state === replay.state) return replay;
        const finishedAt = state === "cancelled" ? nowText() : null;
        if (await book.swapState(id, replay.state, state, finishedAt))
          return { ...replay, state, finishedAt };
      }
    },
  };
}

const isRate = (rate: number): boolean =>
  Number.isInteger(rate) && rate >= REPLAY_RATE.min && rate <= REPLAY_RATE.max;

function rateInvalid(rate: number): HookwaveError {
  return new HookwaveError("REPLAY_INVALID", {
    expected: `a rate of ${REPLAY_RATE.min}–${REPLAY_RATE.max} letters per second, a whole number`,
    got: `${rate}`,
    remedy: "correct it; nothing was begun",
  });
}

function tooManyOpen(): HookwaveError {
  return new HookwaveError("REPLAY_INVALID", {
    expected: "fewer replays that are not over",
    got: "as many as are kept",
    remedy: "wait for one to be done, or cancel one that is paused",
  });
}

function isOver({ id, state }: Replay, order: ReplayOrder): HookwaveError {
  return new HookwaveError("REPLAY_INVALID", {
    expected: `a replay that is not over, to ${order} it`,
    got: `${id}, which is ${state}`,
    remedy: "begin a new one for the letters that are still there",
  });
}

function replayUnknown(id: string): HookwaveError {
  return new HookwaveError("REPLAY_UNKNOWN", {
    expected: "the id of a replay",
    got: `"${id}"`,
    remedy: "list them with `hookwave replays list`; a replay is remembered for EVENT_RETENTION",
  });
}
