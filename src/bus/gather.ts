/**
 * One write for the events of several jobs: while they come quickly one after another, the first of them waits a moment
 * for company, and what comes meanwhile goes along. At 500 a second each would be a write of its own, and each write, and
 * each answer to what follows it, wakes the process once more. One that comes alone waits for nobody.
 */
import type { EventId } from "../core/brand.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { System } from "../core/system.ts";
import { payloadOf } from "./message.ts";
import type { BusWriter } from "./writer.ts";

export interface GatheringWriter extends Pick<BusWriter, "isWell"> {
  /** Resolves with those of these events that the bus has; never rejects. */
  readonly write: (events: readonly PublishedEvent[]) => Promise<ReadonlySet<EventId>>;
  /** From now on nobody waits any more, and who does goes at once. */
  readonly hurry: () => void;
}

interface GatherDeps {
  readonly writer: Omit<BusWriter, "trouble">;
  /** For the wait and the write together. */
  readonly deadlineMs: number;
  readonly system: Pick<System, "monotonicMs">;
}

/**
 * The longest that anybody waits for company. Measured at 500 a second: with 5 ms a worker spends less on an event than
 * without a bus; with 10 ms still less, and each delivery begins another 3 ms later.
 */
export const COMPANY_MS = 5;
/** Company is to be expected when this many came within this time: one of 200 a second comes within the wait. */
const RECENT_CALLS = 16;
const RECENT_MS = 80;
/** So many share the cost of a write without anybody else; and a full batch's size is as much as one write should hold. */
const ENOUGH_EVENTS = 16;
const ENOUGH_SIZE = 512 * 1_024;

const NONE: ReadonlySet<EventId> = new Set();

interface Group {
  /** An event that two jobs bring is written once. */
  readonly events: Map<EventId, PublishedEvent>;
  size: number;
  readonly written: PromiseWithResolvers<ReadonlySet<EventId>>;
  readonly timer: NodeJS.Timeout;
}

export function createGatheringWriter({ writer, deadlineMs, system }: GatherDeps): GatheringWriter {
  const isCompanyExpected = createPace(system);
  let gathering: Group | null = null;
  let isHurried = false;

  const go = (): void => {
    if (gathering === null) return;
    const { events, written, timer } = gathering;
    gathering = null;
    clearTimeout(timer);
    // A bus that failed meanwhile is to be left alone. And a wait that lasted longer than it was to was this process
    // standing still, which is no reason to give the bus less time (trap 50).
    written.resolve(writer.isWell() ? writer.write([...events.values()], deadlineMs - COMPANY_MS) : NONE);
  };
  const open = (): Group => ({
    events: new Map(),
    size: 0,
    written: Promise.withResolvers(),
    timer: setTimeout(go, COMPANY_MS),
  });

  return {
    write: async (events) => {
      const isExpecting = isCompanyExpected() && !isHurried;
      if (gathering === null && (!isExpecting || isEnough(events.length, sizeOf(events))))
        return await writer.write(events, deadlineMs);
      gathering ??= open();
      const { written } = gathering;
      gathering.size += sizeOf(events);
      for (const event of events) gathering.events.set(event.id, event);
      if (isEnough(gathering.events.size, gathering.size)) go();
      const onBus = await written.promise;
      return new Set(events.flatMap(({ id }) => (onBus.has(id) ? [id] : [])));
    },
    isWell: writer.isWell,
    hurry: () => {
      isHurried = true;
      go();
    },
  };
}

const isEnough = (events: number, size: number): boolean => events >= ENOUGH_EVENTS || size >= ENOUGH_SIZE;

const sizeOf = (events: readonly PublishedEvent[]): number =>
  events.reduce((sum, event) => sum + payloadOf(event).length, 0);

/** Takes note of a call, and says if those before it came so quickly that another will follow. */
function createPace({ monotonicMs }: Pick<System, "monotonicMs">): () => boolean {
  const calledAt = new Array<number>(RECENT_CALLS).fill(Number.NEGATIVE_INFINITY);
  let oldest = 0;
  return () => {
    const now = monotonicMs();
    const since = calledAt[oldest] ?? Number.NEGATIVE_INFINITY;
    calledAt[oldest] = now;
    oldest = (oldest + 1) % RECENT_CALLS;
    return now - since < RECENT_MS;
  };
}
