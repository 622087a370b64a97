/** The end of a delivery that was given up: a dead letter that holds all its attempts, and the same bytes at a replay. */
import { expect } from "vitest";
import { storedLetters } from "./letters.ts";
import type { Receiver } from "./receiver.ts";
import type { TestHookwave } from "./service.ts";
import { until } from "./until.ts";

/** Of the delivery of `id`, which `receiver` has refused with 503 six times. */
export async function expectExhausted(hookwave: TestHookwave, receiver: Receiver, id: string): Promise<void> {
  const [stored] = await until("it is a dead letter", async () => {
    const letters = await storedLetters(hookwave);
    return letters.length > 0 && letters;
  });
  expect(stored?.letter).toMatchObject({ because: "exhausted", delivery: { event: { id } } });
  const attempts = stored?.letter.kind === "delivery" ? stored.letter.delivery.attempts : [];
  expect(attempts.map(({ attemptNumber, status }) => [attemptNumber, status])).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => [n, 503]),
  );

  const requests = await receiver.received(6);
  receiver.replies(200);
  await hookwave.deadLetters.replay(stored?.id ?? "");
  await receiver.received(7);
  expect(new Set(receiver.ids())).toEqual(new Set([id]));
  expect(new Set(requests.map(({ body }) => String(body))).size).toBe(1);
  expect(await storedLetters(hookwave)).toEqual([]);
}
