/**
 * What lies in Redis outlives the process that wrote it. The fixtures are what the first format looks like there; a
 * version that cannot read them any more would lose what was accepted before an upgrade.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import { DELIVERY_STATUSES, type Delivery } from "../../../src/core/delivery.ts";
import type { PublishedEvent } from "../../../src/core/event.ts";
import { readVersionedDelivery, versionedDelivery } from "../../../src/core/stored.ts";
import { eventsJob, readEventsJob } from "../../../src/queue/events-job.ts";
import { readDeadLetter, storedLetter } from "../../../src/queue/stored-letter.ts";
import { readState, stateText } from "../../../src/store/event-record.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/format-1/${name}.json`, import.meta.url), "utf8").trimEnd();

const origin = { jobId: "9", addedAt: 1_769_860_800_000 };
const event: PublishedEvent = {
  id: asEventId("evt_1"),
  type: "thing.made",
  timestamp: "2026-01-31T12:00:00.000Z",
  data: '{"n": 1.0}',
};
const destination = { url: "https://a.example/", events: ["*"], profile: null, keyId: "default" };
const delivery: Delivery = {
  event,
  endpointId: asEndpointId("ep_1"),
  acceptedAt: 1,
  attempts: [],
  round: 0,
  heldSince: null,
};

describe("format 1", () => {
  it("of an events job is read with every byte of the data", () => {
    expect(readEventsJob(fixture("events-job"), origin)).toEqual({
      kind: "events",
      events: [{ ...event, data: '{"n": 12345678901234567890, "one":1.0}' }],
      unreadable: [],
      holder: "9",
      crashes: 0,
      acceptedAt: origin.addedAt,
    });
    const split = { holder: "7", crashes: 2, acceptedAt: origin.addedAt };
    expect(readEventsJob(fixture("split-events-job"), origin)).toMatchObject(split);
  });

  it.each(["events-job", "delivery-job", "dead-letter", "buried-job", "delivery-state"])(
    "of a %s is written as it was, but for what has been added",
    (name) => {
      const text = fixture(name);
      const written: Readonly<Record<string, () => unknown>> = {
        "events-job": () => {
          const read = readEventsJob(text, origin);
          return read.kind === "events" && eventsJob(read.events);
        },
        "delivery-job": () => {
          const read = readVersionedDelivery(text);
          return read.kind === "delivery" && versionedDelivery(read.delivery);
        },
        "dead-letter": () => stored(text),
        "buried-job": () => stored(text),
        "delivery-state": () => {
          const state = readState(text);
          return state !== null && JSON.parse(stateText(state));
        },
      };
      expect(written[name]?.()).toEqual(JSON.parse(text));
    },
  );
});

function stored(text: string): unknown {
  const letter = readDeadLetter(JSON.parse(text));
  return letter !== null && storedLetter(letter);
}

describe("the time at which a job's events were accepted", () => {
  it.each<[string, object, number]>([
    ["the one that was carried over from an earlier job", { acceptedAt: 5 }, 5],
    ["its own where none was", {}, origin.addedAt],
    ["its own where the earlier job had none", { acceptedAt: 0 }, origin.addedAt],
  ])("is %s", (_, carried, acceptedAt) => {
    const job = JSON.stringify({ ...eventsJob([event]), ...carried });
    expect(readEventsJob(job, origin)).toMatchObject({ acceptedAt });
  });
});

describe("a job or letter", () => {
  it("with a destination or an end says that an older worker would leave it out, and others do not", () => {
    expect(eventsJob([event]).v).toBe(1);
    expect(eventsJob([event, { ...event, destinations: [destination] }]).v).toBe(2);
    expect(versionedDelivery(delivery).v).toBe(1);
    expect(versionedDelivery({ ...delivery, destination }).v).toBe(2);
    const ending = { ...event, expiresAt: "2026-01-31T12:00:00Z" };
    expect(eventsJob([event, ending]).v).toBe(3);
    expect(versionedDelivery({ ...delivery, event: ending }).v).toBe(3);
    const letter = {
      kind: "delivery",
      delivery: { ...delivery, destination },
      because: "gone",
      buriedAt: "",
    } as const;
    expect(storedLetter(letter)).toMatchObject({ v: 2 });
    expect(readDeadLetter(storedLetter(letter))).toEqual(letter);
  });

  it("of a later version is left to those who know it", () => {
    const later = { ...JSON.parse(fixture("events-job")), v: 4 };
    expect(readEventsJob(JSON.stringify(later), origin)).toEqual({ kind: "newer", version: 4 });
    const laterDelivery = { ...JSON.parse(fixture("delivery-job")), v: 4 };
    expect(readVersionedDelivery(JSON.stringify(laterDelivery))).toEqual({ kind: "newer", version: 4 });
    expect(readDeadLetter({ ...JSON.parse(fixture("dead-letter")), v: 4 })).toBeNull();
  });
});

describe("a state that is none", () => {
  it.each(["", "{oops", "null", "[]", "{}", '{"round":0}', '{"round":"x","status":"held"}'])(
    "%j counts as none",
    (text) => {
      expect(readState(text)).toBeNull();
    },
  );
});

// One that counted as none was sent again by an older worker's re-run, also when it had been delivered.
describe("a state that a later version wrote", () => {
  const states = DELIVERY_STATUSES.map((status) => [status, status] as const);
  it.each([...states, ["postponed", "held"] as const])(
    "(%s) is %s, without its attempts",
    (written, status) => {
      const attempts = [{ attemptNumber: 1, outcome: "throttled" }];
      const text = JSON.stringify({ round: 2, status: written, attempts, nextAttemptAt: "soon" });
      const unknown = { attempts: [], nextAttemptAt: null, because: null };
      expect(readState(text)).toEqual({ round: 2, status, ...unknown });
    },
  );
});
