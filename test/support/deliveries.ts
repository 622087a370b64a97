/** Waiting for what becomes of a delivery. */
import type { WholeDelivery } from "../../src/manage/deliveries.ts";
import type { TestHookwave } from "./service.ts";
import { until } from "./until.ts";

/** With the delivery as it is then. */
export const untilStatus = (hookwave: TestHookwave, id: string, status: string): Promise<WholeDelivery> =>
  until(`${id} is ${status}`, async () => {
    const delivery = await hookwave.deliveries.get(id).catch(() => null);
    return delivery?.state.status === status && delivery;
  });

/** With the epoch ms at which its next attempt is booked. */
export const untilBooked = (hookwave: TestHookwave, id: string): Promise<number> =>
  until(
    `${id} is booked`,
    async () => (await hookwave.deliveries.get(id).catch(() => null))?.nextAttemptAt ?? null,
  );

/** Neither new nor to be tried again: delivered, buried or cancelled. */
export const untilIdle = (hookwave: TestHookwave): Promise<true> =>
  until("no job is left", async () => {
    const { new: fresh, retrying } = await hookwave.queueCounts();
    return fresh.depth + retrying.depth === 0;
  });
