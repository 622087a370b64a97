/** Messages on a legacy list, and their end: taken from it, and delivered once each. */
import { expect } from "vitest";
import { type BusAndService, LIST, messageOf, PROCESSING, payloadOf } from "./bridge.ts";
import { untilIdle } from "./deliveries.ts";

export async function push({ bus }: BusAndService, from: number, to: number): Promise<void> {
  const pipeline = bus.pipeline();
  for (let n = from; n < to; n += 1) pipeline.lpush(LIST, messageOf(payloadOf(n)));
  await pipeline.exec();
}

export const isTaken = async ({ bus }: BusAndService): Promise<boolean> =>
  (await bus.exists(LIST, PROCESSING)) === 0;

/** Each of the first `count` messages was delivered, each once, as the bytes it had. */
export async function expectOneEach({ receiver, hookwave }: BusAndService, count: number): Promise<void> {
  await receiver.received(count, 30_000);
  await untilIdle(hookwave);
  const ids = Array.from({ length: count }, (_, n) => `key-${n}`);
  expect(receiver.ids().toSorted()).toEqual(ids.toSorted());
  for (const { headers, body } of receiver.requests) {
    const n = Number(String(headers["webhook-id"]).slice(4));
    expect(String(body)).toContain(`"data":${payloadOf(n)}}`);
    expect(String(body)).toContain('"timestamp":"2026-01-31T12:00:00.123456Z"');
  }
}
