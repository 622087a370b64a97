/** What is written of an attempt, on a real Redis. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { system } from "../../src/config/system.ts";
import { asEndpointId, asEventId, type EndpointId } from "../../src/core/brand.ts";
import type { DeliveryState } from "../../src/core/delivery.ts";
import type { BuryReason } from "../../src/core/verdict.ts";
import { createAttemptLog } from "../../src/store/attempt-log.ts";
import { createBurial } from "../../src/store/burial.ts";
import { createEventLedger } from "../../src/store/event-ledger.ts";
import { stateField } from "../../src/store/event-record.ts";
import { createKeys } from "../../src/store/keys.ts";
import { startRedis } from "../support/service.ts";
import { delivered } from "../unit/observe/happenings.ts";

const RETENTION_MS = 60_000;
const DELIVERED = { event: { id: delivered.eventId }, endpointId: delivered.endpointId, acceptedAt: 1 };
const ENTRY = {
  eventId: delivered.eventId,
  eventType: "a.b",
  endpointId: delivered.endpointId,
  buriedAt: "2026-01-01T00:00:00Z",
  attempts: 0,
  lastStatus: null,
};
const finished = (status: DeliveryState["status"], round = 0) => ({
  record: delivered,
  recordText: JSON.stringify(delivered),
  acceptedAt: 1,
  state: { round, status, attempts: [], nextAttemptAt: null, because: null },
  excerpt: "",
});

describe("the attempt log", () => {
  it("keeps that a delivery was made, whatever a second worker that had the same job says later", async () => {
    await using redis = await startRedis();
    const connection = new Redis(redis.url);
    const keys = createKeys("{hookwave}");
    const { record } = createAttemptLog(connection, keys, RETENTION_MS, () => undefined);
    const { stateOf } = createEventLedger(connection, keys, RETENTION_MS, () => undefined);
    const stateNow = () => stateOf(DELIVERED);

    await record(finished("retrying"));
    await record(finished("delivered"));
    await record(finished("retrying"));
    expect(await stateNow()).toMatchObject({ status: "delivered", round: 0 });

    await record(finished("retrying", 1));
    expect(await stateNow()).toMatchObject({ status: "retrying", round: 1 });
    connection.disconnect();
  });

  it("keeps that a delivery was cancelled, unless it was delivered all the same; a later round overrules both", async () => {
    await using redis = await startRedis();
    const connection = new Redis(redis.url);
    const keys = createKeys("{hookwave}");
    const { record } = createAttemptLog(connection, keys, RETENTION_MS, () => undefined);
    const { stateOf } = createEventLedger(connection, keys, RETENTION_MS, () => undefined);
    const { eventId, endpointId } = delivered;
    const statusNow = async () => (await stateOf(DELIVERED))?.status;
    const event = { id: eventId, type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" };
    const delivery = { event, endpointId, acceptedAt: 1, attempts: [], round: 0, heldSince: null };
    const parts = { redis: connection, keys, retentionMs: RETENTION_MS, system };
    const buryDelivery = createBurial({ ...parts, tell: () => undefined });
    const bury = (round: number, because: BuryReason) =>
      buryDelivery({ ...delivery, round }, { ...ENTRY, because, id: `dl_${round}` });

    await record(finished("cancelled"));
    await record(finished("retrying"));
    expect(await statusNow()).toBe("cancelled");
    expect(await bury(0, "exhausted")).toBe("overruled");
    expect(await connection.exists(keys.letters, keys.letterSummaries)).toBe(0);
    expect(await statusNow()).toBe("cancelled");
    await record(finished("delivered"));
    expect(await statusNow()).toBe("delivered");
    expect(await bury(1, "expired")).toBe("first");
    expect(await stateOf(DELIVERED)).toMatchObject({
      status: "buried",
      round: 1,
      because: "expired",
    });
    await record(finished("retrying"));
    expect(await statusNow()).toBe("buried");
    expect(await connection.pttl(keys.event(eventId))).toBeGreaterThan(0);
    connection.disconnect();
  });

  it("gives a fresh claim a clean slate, where a late attempt had written to an event long forgotten", async () => {
    await using redis = await startRedis();
    const connection = new Redis(redis.url);
    const keys = createKeys("{hookwave}");
    const { record } = createAttemptLog(connection, keys, RETENTION_MS, () => undefined);
    const { claim, stateOf } = createEventLedger(connection, keys, RETENTION_MS, () => undefined);
    await record(finished("delivered"));
    expect(await connection.pttl(keys.event(delivered.eventId))).toBeGreaterThan(0);

    const event = { id: delivered.eventId, type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" };
    expect(await claim({ events: [event], holder: "7", acceptedAt: 1 })).toEqual([{ kind: "fresh" }]);

    expect(await stateOf(DELIVERED)).toBeNull();
    const again = { kind: "again", acceptedAt: 1, states: new Map() };
    expect(await claim({ events: [event], holder: "7", acceptedAt: 2 })).toEqual([again]);
    connection.disconnect();
  });

  it("files the attempts of one group with the endpoint that each was made to, and none with its successor", async () => {
    await using redis = await startRedis();
    const connection = new Redis(redis.url);
    const keys = createKeys("{hookwave}");
    const [kept, successor] = [asEndpointId("ep_kept"), asEndpointId("ep_successor")];
    await connection.hset(keys.endpoints, {
      [kept]: '{"v":1,"incarnation":"k","isActive":true}',
      [successor]: '{"v":1,"incarnation":"new","isActive":true}',
    });
    const { record } = createAttemptLog(connection, keys, RETENTION_MS, () => undefined);
    const attempt = (nth: number, endpointId: EndpointId, incarnation: string) => {
      const own = { ...delivered, endpointId, eventId: asEventId(`evt_${nth}`) };
      const { state, ...rest } = finished("delivered");
      return { ...rest, record: own, recordText: `${nth}`, state: { ...state, incarnation } };
    };

    // The first is written alone, those that come meanwhile together.
    await Promise.all([
      record(attempt(0, kept, "k")),
      record(attempt(1, successor, "old")),
      record(attempt(2, kept, "k")),
      record(attempt(3, successor, "new")),
      record(attempt(4, kept, "k")),
    ]);

    const filed = async (id: EndpointId) =>
      (await connection.xrange(keys.attempts(id), "-", "+")).map(([, [, text]]) => text);
    expect(await filed(kept)).toEqual(["0", "2", "4"]);
    expect(await filed(successor)).toEqual(["3"]);
    const fieldsOf = (nth: number) => connection.hkeys(keys.event(asEventId(`evt_${nth}`)));
    expect(await fieldsOf(1)).toEqual([stateField(successor)]);
    expect(await fieldsOf(4)).toEqual([stateField(kept)]);
    expect(await connection.hget(keys.statistics(kept), "delivered")).toBe("3");
    expect(await connection.hget(keys.statistics(successor), "delivered")).toBe("1");
    connection.disconnect();
  });
});
