/**
 * Facts for operators that are not published yet: written by the scripts that made them true, in one hash, under the id that
 * the event is to have. Here they are only read and removed.
 */
import { asEventId } from "../core/brand.ts";
import { operatorFactSchema } from "../endpoints/operator-events.ts";
import type { OperatorFacts } from "../queue/ports.ts";
import type { Keys } from "./keys.ts";
import { readText } from "./record-text.ts";
import type { Redis } from "./redis.ts";

const BEGINNING = "0";

export function createOperatorFacts(redis: Redis, keys: Keys): OperatorFacts {
  return {
    some: async (most, after) => {
      const [next, found] = await redis.hscan(keys.operatorEvents, after ?? BEGINNING, "COUNT", most);
      const ids = found.filter((_, at) => at % 2 === 0);
      const some = ids.map((id, at) => ({
        id: asEventId(id),
        fact: readText(operatorFactSchema, found[at * 2 + 1] ?? ""),
      }));
      return { some, next: next === BEGINNING ? null : next };
    },
    remove: async (ids) => {
      if (ids.length > 0) await redis.hdel(keys.operatorEvents, ...ids);
    },
  };
}
