/** Wires what people ask of deliveries that are on record. */
import type { DeadLetters } from "../queue/dead-letters.ts";
import type { Outbox, Queues } from "../queue/queues.ts";
import { createScheduled } from "../queue/scheduled.ts";
import { createDeliveryPages } from "../store/delivery-pages.ts";
import type { Keys } from "../store/keys.ts";
import type { Redis } from "../store/redis.ts";
import { createRemembered } from "../store/remembered.ts";
import type { WaitingIndex } from "../store/waiting.ts";
import { createDeliveryDesk, type DeliveryDesk } from "./delivery-desk.ts";
import { createRevival } from "./revival.ts";

export interface RecordsDeps {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly queues: Queues;
  readonly outbox: Outbox;
  readonly deadLetters: DeadLetters;
  readonly waiting: WaitingIndex;
}

export interface Records {
  readonly deliveries: DeliveryDesk;
}

export function openRecords(deps: RecordsDeps): Records {
  const { redis, keys, queues, waiting } = deps;
  const scheduled = createScheduled(queues, (key, member) => redis.zscore(key, member));
  const pages = createDeliveryPages(redis, keys);
  const remembered = createRemembered(redis, keys);
  const revive = createRevival({ ...deps, scheduled });
  return { deliveries: createDeliveryDesk({ pages, remembered, scheduled, waiting, revive }) };
}
