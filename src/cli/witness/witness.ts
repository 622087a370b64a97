/**
 * The witness at work: once a second it reads which events were taken on, looks at those that are open, and says of each
 * whether both ways have it. An event has to have been heard where the ear listened without a break since before it was
 * taken on.
 */
import { asEventId } from "../../core/brand.ts";
import { isInShare, type Shares } from "../../core/migration.ts";
import type { BusEar } from "../../manage/bus-ear.ts";
import type { Comparison, Mismatch } from "./comparison.ts";
import { isPassing, type Records } from "./records.ts";

interface WitnessDeps {
  readonly ear: Pick<BusEar, "isListening" | "losses">;
  readonly records: Records;
  readonly comparison: Comparison;
  readonly tellMismatch: (mismatch: Mismatch) => void;
  /** For what keeps it from looking, or from hearing. */
  readonly tellTrouble: (what: string) => void;
  readonly monotonicMs: () => number;
}

interface Witness {
  /** One look at everything; resolves also where the API is away. */
  readonly round: () => Promise<void>;
}

const LOOKS_AT_ONCE = 8;

interface Followed {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly isRequired: boolean;
  readonly wasShared: boolean;
  isKnown: boolean;
}

export function createWitness(deps: WitnessDeps): Witness {
  const { ear, records, comparison, monotonicMs } = deps;
  const followed = new Map<string, Followed>();
  const tell = (one: Mismatch | null): void => void (one !== null && deps.tellMismatch(one));
  let shares: Shares = {};
  /** Losses at the beginning of the round before, where it was listening then. */
  let unbroken: number | null = null;
  let losses = ear.losses();

  /** Resolves with when it asked. */
  const discover = async (): Promise<number> => {
    const stand = ear.isListening() ? ear.losses() : null;
    const at = monotonicMs();
    for (const { id, type } of await records.news()) {
      const isRequired = unbroken !== null && ear.isListening() && ear.losses() === unbroken;
      const wasShared = isShared(id, type, shares);
      followed.set(id, { id, type, at, isRequired, wasShared, isKnown: false });
    }
    unbroken = stand;
    return at;
  };
  const look = async (event: Followed): Promise<void> => {
    const at = monotonicMs();
    const seen = await records.look(event.id);
    if (seen === null) {
      comparison.forget(event.id);
      followed.delete(event.id);
      return;
    }
    if (!event.isKnown) comparison.find({ ...event, digest: seen.digest });
    event.isKnown = true;
    const isPromised = event.wasShared && isShared(event.id, event.type, shares);
    tell(comparison.look(event.id, { status: seen.status, isShared: isPromised, at }));
  };
  const excuseDeaf = (): void => {
    if (ear.losses() === losses) return;
    losses = ear.losses();
    comparison.excuse();
    deps.tellTrouble("the bus was lost for a while: what went by meanwhile need not have been heard");
  };

  return {
    round: async () => {
      try {
        ({ shares } = await records.standing());
        const askedAt = await discover();
        excuseDeaf();
        const looked = [...followed.values()];
        await eachOf(looked, look);
        const open = new Set(comparison.open());
        for (const { id, isKnown } of looked) if (isKnown && !open.has(id)) followed.delete(id);
        // After the looks, which say whose text a message is.
        comparison.settle(askedAt).forEach(tell);
      } catch (error) {
        if (!isPassing(error)) throw error;
        deps.tellTrouble("the API does not answer: nothing is decided until it does");
      }
    },
  };
}

async function eachOf<One>(all: readonly One[], work: (one: One) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += LOOKS_AT_ONCE)
    await Promise.all(all.slice(from, from + LOOKS_AT_ONCE).map(work));
}

/** The service knows its ids as such; here they are text that it sent. */
const isShared = (id: string, type: string, shares: Shares): boolean =>
  isInShare({ id: asEventId(id), type }, shares);
