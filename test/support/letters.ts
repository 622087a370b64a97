/** Dead letters for tests: buried as a worker buries them, and read whole as an operator reads them, page by page. */
import { Redis } from "ioredis";
import type { Hookwave } from "../../src/app.ts";
import { asEndpointId, asEventId } from "../../src/core/brand.ts";
import type { DeadLetter } from "../../src/core/delivery.ts";
import type { LetterFilter, LetterSummary } from "../../src/core/letter.ts";
import type { Page } from "../../src/core/page.ts";
import type { BuryReason } from "../../src/core/verdict.ts";
import type { StoredLetter } from "../../src/queue/dead-letters.ts";
import { createOutbox, letterId } from "../../src/queue/outbox.ts";
import { openQueues } from "../../src/queue/queues.ts";
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

/** Resolves with their ids, in order. */
export async function bury(redis: TestRedis, letters: readonly DeadLetter[]): Promise<readonly string[]> {
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  const queues = openQueues(connection, "{hookwave}", () => undefined);
  const outbox = createOutbox({
    queues,
    letters: createLetterIndex(connection, createKeys("{hookwave}")),
    countBuried: async () => undefined,
    tell: () => undefined,
  });
  await Promise.all(letters.map((letter) => outbox.bury(letter)));
  await queues.close();
  connection.disconnect();
  return letters.map(letterId);
}
