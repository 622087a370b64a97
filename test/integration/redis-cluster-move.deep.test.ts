/** A Cluster's operator moves our slot from master to master, key by key, while events are published and delivered. */
import { Worker } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPublisher } from "../../src/index.ts";
import { openQueues } from "../../src/queue/queues.ts";
import { connectRedis } from "../../src/store/redis.ts";
import { placeAt } from "../../src/store/redis-place.ts";
import { type Move, moveSlot, spreadCluster } from "../support/cluster.ts";
import { startMember, type TestMember } from "../support/cluster-member.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { failuresOf, startHookwave, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const PREFIX = "{hookwave}";
const FIRST = 300;
const LATER = 50;
/** POSTs that may be open while their outcome cannot be written, in each of the moves. */
const OPEN_MAX = 10;
const RETRY_MS = 300;
const EVENTS = { v: 1, events: [] } as const;

const stack = new AsyncDisposableStack();
let first: TestMember;
let second: TestMember;
let third: TestMember;
let url = "";

beforeAll(async () => {
  [first, second, third] = [await startMember(stack), await startMember(stack), await startMember(stack)];
  // Each has other slots besides: a master whose last one goes becomes a replica.
  url = await spreadCluster([first, second, third], [PREFIX, "{a}", "{b}"]);
});
afterAll(() => stack.disposeAsync());

const ours = async ({ ask }: TestMember): Promise<number> =>
  [...String(await ask("CLIENT", "LIST")).matchAll(/ name=(?:hookwave-(?!cluster)|\{hookwave\}:)/g)].length;

/** Refuses each tenth event once, and takes some time for all. */
async function startSlowReceiver(): Promise<Receiver & { readonly delivered: string[] }> {
  const [refused, delivered] = [new Set<string>(), [] as string[]];
  const receiver = await startReceiver((response, { headers }) => {
    const id = String(headers["webhook-id"]);
    const isRefused = id.endsWith("0") && !refused.has(id);
    if (isRefused) refused.add(id);
    else delivered.push(id);
    setTimeout(() => response.writeHead(isRefused ? 500 : 200).end(), 20 * (refused.size % 7));
  });
  return { ...receiver, delivered };
}

/** Publishes under ids that count up, and keeps which were acknowledged, and every error. */
function startProducer() {
  const publisher = createPublisher({ redisUrl: url, logger: false });
  stack.defer(publisher.close);
  const [taken, refusals] = [[] as string[], [] as unknown[]];
  let count = 0;
  const publish = async (): Promise<boolean> => {
    count += 1;
    const id = `evt_${count}`;
    try {
      await publisher.publish({ id, type: "thing.made", data: {} });
      taken.push(id);
      return true;
    } catch (error) {
      refusals.push(error);
      return false;
    }
  };
  return { publish, taken, refusals };
}

/** A move that waits, with nothing gone yet and with half of it gone, until a worker has been refused meanwhile. */
async function moveUnderWork(
  move: Omit<Move, "key" | "before">,
  hookwave: TestHookwave,
  publish: () => Promise<boolean>,
): Promise<void> {
  const [halfway, refusedUntil] = [
    FIRST / 2,
    async () => {
      const before = failuresOf(hookwave).length;
      await until("a worker is refused", async () => {
        expect(await publish(), "no publish is taken while the slot is moved").toBe(false);
        return failuresOf(hookwave)
          .slice(before)
          .some((one) => one.kind === "service.failed" && one.doing === "worker");
      });
    },
  ];
  await moveSlot({
    ...move,
    key: PREFIX,
    before: async (moved) => {
      if (moved === 0 || moved === halfway) await refusedUntil();
      else await publish();
    },
  });
}

describe("a slot that is moved while the service runs", () => {
  it("costs nothing that was acknowledged, refuses clearly meanwhile, and is followed at its end, there and back", async () => {
    await using receiver = await startSlowReceiver();
    await using hookwave = await startHookwave({ ...first, url }, { breakerFailureThreshold: 1_000 });
    await hookwave.endpoints.add({
      url: receiver.url,
      retrySchedule: Array.from({ length: 20 }, () => RETRY_MS),
    });
    const { publish, taken, refusals } = startProducer();
    const publishMany = (many: number) => Promise.all(Array.from({ length: many }, publish));
    await until("a publish is taken", publish);

    for (const [from, to, isBackwards] of [
      [first, second, false],
      [second, first, true],
    ] as const) {
      await publishMany(FIRST);
      await receiver.received(receiver.requests.length + OPEN_MAX);
      await moveUnderWork({ from, to, others: [third], isBackwards }, hookwave, publish);
      await until("a publish is taken", publish);
      await publishMany(LATER);
      await until("nobody is left at the old owner", async () => (await ours(from)) === 0);
      await until("all that was acknowledged has come", () =>
        taken.every((id) => receiver.delivered.includes(id)),
      );
    }
    const { delivered } = receiver;
    expect(taken.length).toBeGreaterThanOrEqual(2 * (FIRST + LATER));
    expect(delivered.length - new Set(delivered).size, "sent twice").toBeLessThanOrEqual(2 * OPEN_MAX);
    for (const error of refusals) expect(error).toMatchObject({ code: "REDIS_UNAVAILABLE" });
    expect(refusals.map(String).join("\n")).toContain("wait until its slots have been moved");
    await until("nothing waits", async () => {
      const { new: fresh, retrying, dead } = await hookwave.queueCounts();
      return fresh.depth + retrying.depth + dead.depth === 0;
    });
  });

  it("has nothing of BullMQ's done by half, whose scripts also write to keys that they do not name", async () => {
    const place = placeAt(url, { redisTlsCa: null, redisTlsCert: null, redisTlsKey: null, prefix: PREFIX });
    const redis = connectRedis(place, "worker", () => undefined);
    stack.defer(() => redis.disconnect());
    const { events: queue } = openQueues(redis, "{hookwave}:half", () => undefined);
    const worker = new Worker("events", null, {
      connection: redis,
      prefix: "{hookwave}:half",
      autorun: false,
    });
    worker.on("error", () => undefined);
    stack.defer(() => worker.close());
    for (const options of [{}, {}, { priority: 1 }, { delay: 60_000, jobId: "later" }])
      await queue.add("events", EVENTS, options);
    const job = await worker.getNextJob("token");
    if (job?.id === undefined) throw new Error("no job");
    // As a look for those that have stalled leaves them.
    await redis.sadd(queue.toKey("stalled"), job.id);

    const writes: Readonly<Record<string, () => Promise<unknown>>> = {
      add: () => queue.add("events", EVENTS),
      "add one that waits": () => queue.add("events", EVENTS, { delay: 60_000 }),
      "add one with a priority": () => queue.add("events", EVENTS, { priority: 1 }),
      "add many": () =>
        queue.addBulk([
          { name: "events", data: EVENTS },
          { name: "events", data: EVENTS, opts: { delay: 1 } },
        ]),
      take: () => worker.getNextJob("another"),
      "put back": () => job.moveToDelayed(Date.now() + 1, "token"),
      complete: () => job.moveToCompleted(undefined, "token", true),
      fail: () => job.moveToFailed(new Error("no"), "token", true),
      "bring forward": () => queue.backend.promote("later"),
      remove: () => queue.remove("later"),
      "look for stalled ones": () => worker.backend.moveStalledJobsToWait(),
    };
    const dump = async (): Promise<readonly unknown[]> => {
      const keys = [await first.ask("KEYS", "{hookwave}:half:*")].flat().map(String).sort();
      return await Promise.all(keys.map(async (key) => [key, await redis.dumpBuffer(key)]));
    };
    const before = await dump();
    await moveSlot({
      ...{ key: PREFIX, from: first, to: second, others: [third] },
      before: async (moved) => {
        if (moved > 0) return;
        for (const [name, write] of Object.entries(writes))
          await expect(write(), name).rejects.toThrow(/got (?:ASK|TRYAGAIN|EXECABORT) /);
        expect(await dump()).toEqual(before);
      },
    });
  });
});
