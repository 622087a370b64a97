/** Wires what people and other services ask of events and deliveries that are on record. */
import type { Config } from "../config/environment.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { DeadLetters } from "../queue/dead-letters.ts";
import type { Outbox, Queues } from "../queue/queues.ts";
import { createScheduled } from "../queue/scheduled.ts";
import { createDeliveryPages } from "../store/delivery-pages.ts";
import type { Endpoints } from "../store/endpoints.ts";
import { createFeed } from "../store/feed.ts";
import type { Keys } from "../store/keys.ts";
import { createPublishClaims } from "../store/publish-claims.ts";
import { type Redis, redisUnavailable, untilReady } from "../store/redis.ts";
import { createRemembered } from "../store/remembered.ts";
import type { WaitingIndex } from "../store/waiting.ts";
import { createDeliveryDesk, type DeliveryDesk } from "./delivery-desk.ts";
import { createEventDesk, type EventDesk } from "./event-desk.ts";
import { createRevival } from "./revival.ts";

export interface RecordsDeps {
  readonly config: Config;
  readonly redis: Redis;
  readonly keys: Keys;
  readonly queues: Queues;
  readonly outbox: Outbox;
  readonly deadLetters: DeadLetters;
  readonly publisher: Publisher;
  readonly endpoints: Endpoints;
  readonly waiting: WaitingIndex;
}

export interface Records {
  readonly events: EventDesk;
  readonly deliveries: DeliveryDesk;
}

/** A publisher waits this long for a first connection, too. */
const PATIENCE_MS = 900;

export function openRecords(deps: RecordsDeps): Records {
  const { config, redis, keys, queues, waiting, publisher, endpoints } = deps;
  const scheduled = createScheduled(queues, (key, members) => redis.zmscore(key, ...members));
  const pages = createDeliveryPages(redis, keys);
  const remembered = createRemembered(redis, keys);
  const revive = createRevival({ ...deps, scheduled });
  const deliveries = createDeliveryDesk({ pages, remembered, scheduled, waiting, revive });
  const claim = createPublishClaims(redis, keys, config.eventRetentionMs);
  const events = createEventDesk({
    publisher,
    claimPublishing: async (claims) => {
      await untilReady(redis, PATIENCE_MS);
      return await claim(claims).catch((cause: Error) => {
        throw redisUnavailable(cause.message.slice(0, 200), cause);
      });
    },
    remembered,
    pages,
    feed: createFeed(redis, keys),
    deliveries,
    endpoints,
    revive,
  });
  return { events, deliveries };
}
