/**
 * Fills a Redis with what a busy installation retains, through the modules that write it in earnest, only faster than
 * receivers would let them: endpoints, events with the states and attempts of their deliveries, the jobs of those that
 * wait, and the letters of those that were given up. One event in it went to every endpoint.
 */
import { openHookwave } from "../src/app.ts";
import { type AttemptRecord, pastAttempt } from "../src/core/attempt.ts";
import { asEndpointId, asEventId, type EndpointId } from "../src/core/brand.ts";
import { type Delivery, deliveryId, deliveryOf, stateAfter } from "../src/core/delivery.ts";
import type { PublishedEvent } from "../src/core/event.ts";
import type { AttemptVerdict } from "../src/core/verdict.ts";
import { createOutbox } from "../src/queue/outbox.ts";
import { openQueues } from "../src/queue/queues.ts";
import { createAttemptLog } from "../src/store/attempt-log.ts";
import { createBurial } from "../src/store/burial.ts";
import { createEventLedger } from "../src/store/event-ledger.ts";
import { createKeys } from "../src/store/keys.ts";
import { createLetterIndex } from "../src/store/letter-index.ts";
import { connectRedis } from "../src/store/redis.ts";
import { clockMs } from "./due.ts";
import { DATA, inFlight } from "./workload.ts";

export interface Retained {
  readonly endpoints: number;
  readonly events: number;
}

export const PREFIX = "{hookwave}";
export const WIDE_EVENT = "evt_wide";
export const RARE_TYPE = "bench.rare";

export const RETENTION_MS = 3 * 24 * 60 * 60 * 1_000;
const DELIVERIES_EACH = 2;
const TOGETHER = 500;
const ADDED_AT_ONCE = 10;
const NOBODY = (): void => undefined;

export const endpointId = (n: number): EndpointId => asEndpointId(`ep_${String(n).padStart(5, "0")}`);
const eventId = (n: number) => asEventId(`evt_${String(n).padStart(6, "0")}`);

/** Resolves with the time at which half of the events were there, as ISO 8601. */
export async function fill(redisUrl: string, encryptionKey: Buffer, retained: Retained): Promise<string> {
  await addEndpoints(redisUrl, encryptionKey, retained.endpoints);
  const redis = connectRedis(redisUrl, "watcher", NOBODY);
  const queues = openQueues(redis, PREFIX, NOBODY);
  const keys = createKeys(PREFIX);
  const ledger = createEventLedger(redis, keys, RETENTION_MS, NOBODY);
  const { record } = createAttemptLog(redis, keys, RETENTION_MS, NOBODY);
  const { schedule, bury } = createOutbox({
    queues,
    letters: createLetterIndex(redis, keys),
    buryDelivery: createBurial({
      redis,
      keys,
      retentionMs: RETENTION_MS,
      system: { now: clockMs },
      tell: NOBODY,
    }),
    tell: NOBODY,
  });

  const settle = async (delivery: Delivery, verdict: AttemptVerdict): Promise<void> => {
    const entry = recordOf(delivery, verdict);
    const attempts = [pastAttempt(entry)];
    const state = stateAfter(verdict, attempts, { round: 0 }, clockMs());
    const [recordText, excerpt] = [JSON.stringify(entry), "out of paper"];
    await record({ record: entry, recordText, acceptedAt: delivery.acceptedAt, state, excerpt });
    const tried = { ...delivery, attempts };
    if (verdict.kind === "retry") await schedule(tried, verdict.inMs);
    if (verdict.kind === "bury") {
      const buriedAt = new Date(clockMs()).toISOString();
      await bury({ kind: "delivery", delivery: tried, because: verdict.because, buriedAt });
    }
  };
  const add = async (events: readonly PublishedEvent[], to: (event: number) => readonly EndpointId[]) => {
    const acceptedAt = clockMs();
    await ledger.claim({ events, holder: "bench", acceptedAt });
    const deliveries = events.flatMap((event, n) => to(n).map((id) => deliveryOf(event, acceptedAt)(id)));
    await Promise.all(deliveries.map((delivery, n) => settle(delivery, verdictOf(n))));
  };

  let halfAt = "";
  await add([eventOf(asEventId(WIDE_EVENT), "bench.wide")], () =>
    Array.from({ length: retained.endpoints }, (_, n) => endpointId(n)),
  );
  for (let at = 0; at < retained.events; at += TOGETHER) {
    if (at >= retained.events / 2 && halfAt === "") halfAt = new Date(clockMs()).toISOString();
    const events = Array.from({ length: TOGETHER }, (_, n) =>
      eventOf(eventId(at + n), at + n === 50_000 ? RARE_TYPE : "bench.retained"),
    );
    await add(events, (n) =>
      Array.from({ length: DELIVERIES_EACH }, (_, d) =>
        endpointId(((at + n) * DELIVERIES_EACH + d) % retained.endpoints),
      ),
    );
  }
  await queues.close();
  redis.disconnect();
  return halfAt;
}

async function addEndpoints(redisUrl: string, encryptionKey: Buffer, count: number): Promise<void> {
  const hookwave = await openHookwave({ redisUrl, encryptionKey, role: "api" });
  await hookwave.untilConnected(1_000);
  await inFlight(
    count,
    async (index) => {
      const n = index - 1;
      await hookwave.endpoints.add({ id: endpointId(n), url: `https://receiver-${n}.example.com/hook` });
    },
    ADDED_AT_ONCE,
  );
  await hookwave.close();
}

export function eventOf(id: PublishedEvent["id"], type: string): PublishedEvent {
  return { id, type, timestamp: "2026-01-31T12:00:00.000Z", data: JSON.stringify(DATA) };
}

/** One in twenty waits for hours, one in a hundred was given up, the others were delivered. */
function verdictOf(n: number): AttemptVerdict {
  if (n % 100 === 99) return { kind: "bury", because: "exhausted" };
  return n % 20 === 10 ? { kind: "retry", inMs: 10 * 60 * 60 * 1_000 } : { kind: "complete" };
}

export function recordOf(delivery: Delivery, verdict: AttemptVerdict): AttemptRecord {
  const isDelivered = verdict.kind === "complete";
  return {
    attemptId: `atm_${deliveryId(delivery)}`,
    deliveryId: deliveryId(delivery),
    eventId: delivery.event.id,
    eventType: delivery.event.type,
    endpointId: delivery.endpointId,
    profile: "standard",
    attemptNumber: 1,
    round: 0,
    startedAt: new Date(clockMs()).toISOString(),
    durationMs: 12,
    bodyBytes: 1_024,
    outcome: isDelivered ? "delivered" : "refused",
    status: isDelivered ? 200 : 503,
    reason: null,
    verdict: verdict.kind,
    nextInMs: verdict.kind === "retry" ? verdict.inMs : null,
    because: verdict.kind === "bury" ? verdict.because : null,
    traceparent: null,
  };
}
