import { describe, expect, it } from "vitest";
import { asEventId } from "../../../src/core/brand.ts";
import type { Endpoint } from "../../../src/core/endpoint.ts";
import type { Happening } from "../../../src/core/happening.ts";
import { createConcurrencyLimits } from "../../../src/deliver/concurrency-limits.ts";
import { createDeliver, type DeliverDeps } from "../../../src/deliver/deliver.ts";
import type { Exchange, FleetRate, OutgoingRequest } from "../../../src/deliver/ports.ts";
import { anEndpoint } from "../../support/endpoint.ts";

const endpoint = anEndpoint({ maxInFlight: 1 });
const delivery = {
  event: { id: asEventId("evt_1"), type: "a.b", timestamp: "2026-01-01T00:00:00Z", data: "{}" },
  endpointId: endpoint.id,
  acceptedAt: 0,
  attempts: [],
  round: 0,
  heldSince: null,
};

const ours = () => true;

const answered: Exchange = {
  kind: "answered",
  status: 200,
  retryAfter: undefined,
  instruction: undefined,
  excerpt: "",
};

function depsWith(changes: Partial<DeliverDeps>): DeliverDeps {
  return {
    endpoints: {
      get: () => endpoint,
      subscribedTo: () => [endpoint],
      disable: async () => true,
      reload: async () => undefined,
    },
    transport: {
      post: async () => answered,
      close: async () => undefined,
      certificateEnd: () => undefined,
      abandon: async () => undefined,
    },
    limits: createConcurrencyLimits({ monotonicMs: () => 0, busyMsSince: () => 0 }),
    breakers: {
      probeDueInMs: () => 0,
      admit: () => ({ holdMs: 0, isProbe: false, isOriginProbe: false }),
      report: () => undefined,
      dispose: () => undefined,
    },
    rate: { enter: () => Promise.reject(new Error("an endpoint without a limit was asked for")) },
    record: async () => undefined,
    tell: () => undefined,
    system: { now: () => 0, monotonicMs: () => 0, idleMs: () => 0, dice: () => 0, uuid: () => "u" },
    holdMaxAgeMs: 1_000,
    beginSpan: null,
    isDraining: () => false,
    ...changes,
  };
}

describe("an attempt that could not even be admitted", () => {
  it("gives its place in the limit back when asking for the probe failed", async () => {
    const { breakers, limits, ...deps } = depsWith({});
    const admit = () => Promise.reject(new Error("Redis is away"));
    const deliver = createDeliver({ ...deps, limits, breakers: { ...breakers, admit } });

    for (let n = 0; n < 3; n += 1) await expect(deliver(delivery, ours)).rejects.toThrow("Redis is away");

    expect(limits.enter(endpoint, false)).toBe(true);
  });
});

describe("an attempt that has waited in its endpoint's line", () => {
  /** One is open and another waits behind it while the endpoint changes. */
  async function changedMeanwhile(changes: Partial<Endpoint> | null) {
    let current: Endpoint | undefined = endpoint;
    const sent: OutgoingRequest[] = [];
    const firstSent = Promise.withResolvers<void>();
    const firstAnswer = Promise.withResolvers<Exchange>();
    const limits = createConcurrencyLimits({ monotonicMs: () => 0, busyMsSince: () => 0 });
    const { transport, endpoints, ...deps } = depsWith({ limits });
    const deliver = createDeliver({
      ...deps,
      endpoints: { ...endpoints, get: () => current },
      transport: {
        ...transport,
        post: (request) => {
          sent.push(request);
          firstSent.resolve();
          return firstAnswer.promise;
        },
      },
    });
    const first = deliver(delivery, ours);
    const second = deliver({ ...delivery, event: { ...delivery.event, id: asEventId("evt_2") } }, ours);
    await firstSent.promise;
    current = changes === null ? undefined : { ...endpoint, ...changes };
    firstAnswer.resolve(answered);
    await first;
    const { verdict } = await second;
    return { sent, verdict, freePlaces: limits.enter(endpoint, false) === true };
  }

  it("is not made when the endpoint has been disabled, and gives its place back", async () => {
    const { sent, verdict, freePlaces } = await changedMeanwhile({ isActive: false });
    expect(verdict).toEqual({ kind: "bury", because: "endpoint_disabled" });
    expect(sent).toHaveLength(1);
    expect(freePlaces).toBe(true);
  });

  it("is not made when the endpoint has been removed", async () => {
    const { sent, verdict } = await changedMeanwhile(null);
    expect(verdict).toEqual({ kind: "bury", because: "endpoint_missing" });
    expect(sent).toHaveLength(1);
  });

  it("goes where the endpoint is by now", async () => {
    const { sent } = await changedMeanwhile({ url: "https://moved.example.com/" });
    expect(sent.map(({ url }) => url)).toEqual([endpoint.url, "https://moved.example.com/"]);
  });
});

describe("an attempt whose job was lost while it waited", () => {
  it("is not made, is charged to nobody, and gives its place back", async () => {
    const limits = createConcurrencyLimits({ monotonicMs: () => 0, busyMsSince: () => 0 });
    const posted: OutgoingRequest[] = [];
    const charged: unknown[] = [];
    const { transport, breakers, ...deps } = depsWith({ limits });
    const deliver = createDeliver({
      ...deps,
      record: async (finished) => void charged.push(finished),
      breakers: { ...breakers, report: (id) => void charged.push(id) },
      transport: {
        ...transport,
        post: async (request) => {
          posted.push(request);
          return answered;
        },
      },
    });
    limits.enter(endpoint, false);
    let holdsLease = true;
    const waiting = deliver(delivery, () => holdsLease);
    holdsLease = false;
    limits.leave(endpoint.id, 1, null);

    await expect(waiting).rejects.toMatchObject({ code: "JOB_LOST" });
    expect(posted).toEqual([]);
    expect(charged).toEqual([]);
    expect(limits.enter(endpoint, false)).toBe(true);
  });

  it("is recorded all the same when its POST was open already", async () => {
    const firstSent = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Exchange>();
    const recorded: unknown[] = [];
    const { transport, ...deps } = depsWith({ record: async (finished) => void recorded.push(finished) });
    const post = () => {
      firstSent.resolve();
      return answer.promise;
    };
    let holdsLease = true;
    const open = createDeliver({ ...deps, transport: { ...transport, post } })(delivery, () => holdsLease);
    await firstSent.promise;
    holdsLease = false;
    answer.resolve(answered);

    expect(await open).toMatchObject({ verdict: { kind: "complete" } });
    expect(recorded).toHaveLength(1);
  });
});

describe("an attempt with an endpoint that has a rate", () => {
  const limited = anEndpoint({ maxInFlight: 1, rateLimit: { count: 5, perMs: 1_000 } });
  const endpoints = {
    get: () => limited,
    subscribedTo: () => [limited],
    disable: async () => true,
    reload: async () => undefined,
  };

  it("begins when its turn comes, and not before", async () => {
    const rate: FleetRate = { enter: async () => ({ kind: "begin", inMs: 120 }) };
    const deliver = createDeliver(depsWith({ endpoints, rate }));
    const askedAt = performance.now();
    expect(await deliver(delivery, ours)).toMatchObject({ verdict: { kind: "complete" } });
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(115);
  });

  it("is held while its turn is far, is charged nothing, and says next time that it has waited", async () => {
    const asked: boolean[] = [];
    const rate: FleetRate = {
      enter: async (_id, _limit, hasWaited) => {
        asked.push(hasWaited);
        return { kind: "hold", inMs: 900 };
      },
    };
    const happenings: Happening[] = [];
    const deliver = createDeliver(
      depsWith({ endpoints, rate, tell: (happening) => happenings.push(happening) }),
    );

    const settled = await deliver(delivery, ours);
    await deliver(settled.delivery, ours);

    expect(settled).toMatchObject({
      verdict: { kind: "hold", inMs: 900 },
      delivery: { attempts: [], heldSince: 0 },
    });
    expect(happenings[0]).toMatchObject({ kind: "delivery.held", reason: "rate_limited", forMs: 900 });
    expect(asked).toEqual([false, true]);
  });
});

describe("a receiver that says it is gone", () => {
  const gone: Exchange = { ...answered, status: 410 };

  async function toldWhen(isDisabledByThis: boolean): Promise<readonly string[]> {
    const told: string[] = [];
    const deps = depsWith({ tell: ({ kind }) => told.push(kind) });
    const deliver = createDeliver({
      ...deps,
      endpoints: { ...deps.endpoints, disable: async () => isDisabledByThis, reload: async () => undefined },
      transport: { ...deps.transport, post: async () => gone },
    });
    expect((await deliver(delivery, ours)).verdict).toEqual({ kind: "bury", because: "gone" });
    return told;
  }

  it("has its endpoint disabled, and that is told", async () => {
    expect(await toldWhen(true)).toEqual(["attempt.finished", "endpoint.disabled"]);
  });

  it("has nothing told where nothing was disabled: another answer came first, or it is another receiver", async () => {
    expect(await toldWhen(false)).toEqual(["attempt.finished"]);
  });
});
