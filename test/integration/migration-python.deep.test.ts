/** Consumers of the bus in Python, as they stand today, while webhooks go beside it (phase dual). */
import { describe, expect, it } from "vitest";
import { CHANNEL, LIST, registered } from "../support/bus.ts";
import { pythonWithRedis, startConsumer } from "../support/python.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, startRedis } from "../support/service.ts";

const EVENTS = 10_000;
const TOGETHER = 100;

describe("in dual, consumers with redis-py", () => {
  it(`read all of ${EVENTS} events: one a dataclass of six members from the list, one a dict from the channel`, async ({
    skip,
  }) => {
    const python = await pythonWithRedis();
    if ("missing" in python) return skip(`no Python with redis-py: ${python.missing}`);
    await using redis = await startRedis();
    await using hookwave = await startHookwave(redis, {
      enableRedisFallback: true,
      redisFallbackMode: "dual",
    });
    const receiver = await startReceiver();
    await hookwave.endpoints.add({ id: "default", url: receiver.url });
    const { command } = python;
    await using popping = await startConsumer(command, "list", redis.url, LIST, EVENTS);
    await using hearing = await startConsumer(command, "channel", redis.url, CHANNEL, EVENTS);

    const ids = Array.from({ length: EVENTS }, (_, at) => `evt_${at}`);
    for (let at = 0; at < EVENTS; at += TOGETHER) {
      const timestamp = `2026-01-31T12:00:00${at % 200 === 0 ? "" : ".123"}Z`;
      await hookwave.publishMany(
        ids.slice(at, at + TOGETHER).map((id) => ({ ...registered(id), timestamp })),
      );
    }
    const sorted = ids.toSorted();
    // At least once: on a busy machine a write may be repeated that was too late by our own doing.
    expect([...new Set(await popping.ids)].toSorted()).toEqual(sorted);
    expect([...new Set(await hearing.ids)].toSorted()).toEqual(sorted);
    await receiver.received(EVENTS);
    expect(new Set(receiver.ids())).toEqual(new Set(ids));
    await receiver.close();
  }, 180_000);
});
