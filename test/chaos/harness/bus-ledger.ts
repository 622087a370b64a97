/**
 * The ledger of the bus' side: what its list holds, by the ids of events. Nobody pops it, so that in the end it has all that
 * was ever pushed.
 */
import { messageIdOf } from "../../../src/bus/uuid5.ts";
import type { Acknowledged } from "./producers.ts";
import type { RedisServer } from "./redis-server.ts";

/** The only type of a row's producers, and so the one that goes to the bus. */
export const BUS_EVENTS = { legacyRedisEvents: ["thing.made"] } as const;

const LIST = "hokusai:model_ready_queue";

export interface BusLedger {
  readonly missingOf: (events: readonly Pick<Acknowledged, "id">[]) => readonly string[];
  readonly presentOf: (events: readonly Pick<Acknowledged, "id">[]) => readonly string[];
  /** Entries beyond the first, of the event that has most of them, and of all. */
  readonly mostRepeats: number;
  readonly repeats: number;
}

export async function readBus(server: Pick<RedisServer, "ask">): Promise<BusLedger> {
  const entries = await server.ask("LRANGE", LIST, 0, -1);
  if (!Array.isArray(entries)) throw new Error("expected the list of the bus");
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const { message_id: id } = JSON.parse(String(entry));
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const isThere = ({ id }: Pick<Acknowledged, "id">): boolean => counts.has(messageIdOf(id));
  return {
    missingOf: (events) => events.filter((one) => !isThere(one)).map(({ id }) => id),
    presentOf: (events) => events.filter(isThere).map(({ id }) => id),
    mostRepeats: Math.max(0, ...[...counts.values()].map((count) => count - 1)),
    repeats: entries.length - counts.size,
  };
}

/** Epoch ms of an event's first publish, which its producer wrote into its id. */
export const publishedAt = ({ id }: Pick<Acknowledged, "id">): number => Number(id.split("_").at(-1));
