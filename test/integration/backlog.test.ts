/** A worker that begins with a backlog: it compiles, and has everything at once, and that is no doing of its receivers. */
import { expect, it } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const EVENTS = 4_000;

it("delivers thousands that have waited for it, and turns none away for its own slowness", async () => {
  await using redis = await startRedis();
  await using receiver = await startReceiver();
  await using publisher = await startHookwave(redis, { role: "api" });
  await publisher.endpoints.add({ id: "one", url: receiver.url });
  for (let from = 0; from < EVENTS; from += 500)
    await publisher.publishMany(
      Array.from({ length: 500 }, (_, n) => ({ id: `evt_${from + n}`, type: "thing.made", data: {} })),
    );

  await using worker = await startHookwave(redis);
  await receiver.received(EVENTS);

  expect(worker.happenings.filter(({ kind }) => kind === "delivery.held")).toEqual([]);
  expect(new Set(receiver.ids()).size).toBe(EVENTS);
});
