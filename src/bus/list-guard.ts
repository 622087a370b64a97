/**
 * Guards the lists of the bus: one that is not read any more gets nothing more (LEGACY_REDIS_LIST_MAX). A push answers how
 * long its list is by now, so that is asked only near the maximum, or when nothing is known. What is under way here counts
 * as pushed; of other processes each can be one batch too far.
 */
import type { PublishedEvent } from "../core/event.ts";
import type { System } from "../core/system.ts";
import type { BusLink } from "./ports.ts";
import type { BusTarget } from "./target.ts";
import { busUnavailable } from "./unavailable.ts";

/** A link within the deadline of one write. */
export interface Exchange {
  readonly untilReady: () => Promise<void>;
  readonly send: BusLink["send"];
}

interface Reservation {
  /** Those for whose entries there is room. */
  readonly fitting: readonly PublishedEvent[];
  readonly full: number;
  /** The refusal of a list that cannot even be asked; the other lists go on. */
  readonly barred: Error | null;
  /** To be called when the entries are pushed, or never will be. */
  readonly release: () => void;
}

export interface ListGuard {
  readonly reserve: (events: readonly PublishedEvent[], exchange: Exchange) => Promise<Reservation>;
  readonly note: (list: string, length: number) => void;
  /** After a write without an answer: the next one asks first, for a hung bus pushes it all when it wakes. */
  readonly doubt: () => void;
  readonly longest: () => { readonly listLength: number | null };
}

/** Others push as well, so a length is believed for no longer. */
const BELIEVED_MS = 1_000;

interface ListGuardDeps {
  readonly target: BusTarget;
  readonly system: Pick<System, "monotonicMs">;
}

export function createListGuard({ target: { listOf, listMax }, system }: ListGuardDeps): ListGuard {
  const lengths = new Map<string, { readonly length: number; readonly at: number }>();
  const underWay = new Map<string, number>();
  const note: ListGuard["note"] = (list, length) =>
    void lengths.set(list, { length, at: system.monotonicMs() });
  const taken = (list: string): number => underWay.get(list) ?? 0;

  const take = (list: string, room: number): number => {
    underWay.set(list, taken(list) + room);
    return room;
  };
  /** Takes it as well, before anybody else can look. */
  const takeRoom = async (list: string, wanted: number, { send }: Exchange): Promise<number | Error> => {
    const known = lengths.get(list);
    const isFresh = known !== undefined && system.monotonicMs() - known.at < BELIEVED_MS;
    if (isFresh && known.length + taken(list) + wanted <= listMax / 2) return take(list, wanted);
    const [length] = await send([["llen", list]]);
    if (typeof length !== "number") return length ?? busUnavailable("no reply to LLEN");
    note(list, length);
    return take(list, Math.min(wanted, Math.max(0, listMax - length - taken(list))));
  };

  return {
    reserve: async (events, exchange) => {
      const fitting: PublishedEvent[] = [];
      const reserved = new Map<string, number>();
      let [full, barred]: [number, Error | null] = [0, null];
      const release = (): void => {
        for (const [list, room] of reserved) take(list, -room);
      };
      for (const [list, group] of Map.groupBy(events, ({ type }) => listOf(type))) {
        if (list === null) {
          fitting.push(...group);
          continue;
        }
        const room = await takeRoom(list, group.length, exchange).catch((error: unknown) => {
          release();
          throw error;
        });
        if (typeof room !== "number") {
          barred = room;
          continue;
        }
        fitting.push(...group.slice(0, room));
        full += group.length - room;
        reserved.set(list, room);
      }
      return { fitting, full, barred, release };
    },
    note,
    doubt: () => {
      for (const [list, { length }] of lengths) lengths.set(list, { length, at: Number.NEGATIVE_INFINITY });
    },
    longest: () => ({
      listLength: lengths.size === 0 ? null : Math.max(...[...lengths.values()].map(({ length }) => length)),
    }),
  };
}
