/** Dead letters for tests: buried as a worker buries them, and read whole as an operator reads them, page by page. */
import { Redis } from "ioredis";
import type { Hookwave } from "../../src/app.ts";
import { system } from "../../src/config/system.ts";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import type { DeadLetter } from "../../src/core/delivery.ts";
import type { Tell } from "../../src/core/happening.ts";
import type { LetterFilter, LetterSummary } from "../../src/core/letter.ts";
import type { Page } from "../../src/core/page.ts";
import type { BuryReason } from "../../src/core/verdict.ts";
import type { Outbox } from "../../src/deliver/ports.ts";
import type { StoredLetter } from "../../src/queue/dead-letters.ts";
import { createOutbox, letterId } from "../../src/queue/outbox.ts";
import { openQueues, type Queues } from "../../src/queue/queues.ts";
import { createBurial } from "../../src/store/burial.ts";
import { createKeys } from "../../src/store/keys.ts";
import { createLetterIndex } from "../../src/store/letter-index.ts";
import type { TestRedis } from "./service.ts";

type LetterOwner = Pick<Hookwave, "deadLetters">;

/** All that a filter finds, newest first. */
export async function summaries(
  { deadLetters }: LetterOwner,
  filter: LetterFilter = {},
  limit = 100,
): Promise<readonly LetterSummary[]> {
  const found: LetterSummary[] = [];
  let after: string | null = null;
  do {
    const page: Page<LetterSummary> = await deadLetters.list(filter, { after, limit });
    found.push(...page.data);
    after = page.next;
  } while (after !== null);
  return found;
}

/** All there are, whole. */
export async function storedLetters(management: LetterOwner): Promise<readonly StoredLetter[]> {
  return await Promise.all((await summaries(management)).map(({ id }) => management.deadLetters.get(id)));
}

export interface LetterSketch {
  readonly eventId: string;
  readonly endpoint: string;
  readonly type?: string;
  readonly because?: BuryReason;
  /** Epoch ms; a second ago when absent. */
  readonly buriedAt?: number;
}

export function aLetter(sketch: LetterSketch): DeadLetter & { readonly kind: "delivery" } {
  const { eventId, endpoint, type = "thing.made", because = "exhausted" } = sketch;
  const buriedAt = new Date(sketch.buriedAt ?? Date.now() - 1_000).toISOString();
  const event = { id: asEventId(eventId), type, timestamp: buriedAt, data: "{}" };
  const attempt = {
    attemptNumber: 1,
    startedAt: buriedAt,
    durationMs: 5,
    status: 500,
    reason: null,
  } as const;
  const delivery = {
    event,
    endpointId: asEndpointId(endpoint),
    acceptedAt: Date.parse(buriedAt),
    attempts: [{ ...attempt, outcome: "refused" }],
    round: 0,
    heldSince: null,
  } as const;
  return { kind: "delivery", delivery, because, buriedAt };
}

/** The way out of a worker whose telemetry nobody hears, unless somebody does. */
export function outboxOf(redis: Redis, queues: Queues, tell: Tell = () => undefined): Outbox {
  const keys = createKeys("{hookwave}");
  const buryDelivery = createBurial({ redis, keys, retentionMs: DAY_MS, system, tell });
  return createOutbox({ queues, letters: createLetterIndex(redis, keys), buryDelivery, tell });
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Resolves with their ids, in order. */
export async function bury(redis: TestRedis, letters: readonly DeadLetter[]): Promise<readonly string[]> {
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const queues = openQueues(connection, "{hookwave}", () => undefined);
  const index = createLetterIndex(connection, createKeys("{hookwave}"));
  const outbox = createOutbox({
    queues,
    letters: index,
    // Whatever is on record of the delivery: a letter is what the test is about.
    buryDelivery: async (_, entry) => ((await index.add(entry)) ? "first" : "again"),
    tell: () => undefined,
  });
  await Promise.all(letters.map((letter) => outbox.bury(letter)));
  await queues.close();
  connection.disconnect();
  return letters.map(letterId);
}
