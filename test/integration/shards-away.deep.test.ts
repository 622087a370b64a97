/** A service in shards on a Cluster, while one of them is away: what concerns the others goes on without it. */
import { Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spreadCluster } from "../support/cluster.ts";
import { startMember, type TestMember } from "../support/cluster-member.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave } from "../support/service.ts";
import { namesOf, oneOfEach, SHARDS, shardOf } from "../support/shards.ts";
import { until } from "../support/until.ts";

const TYPE = "thing.made";
/** Home and shard 1 are with the first of them, the shard that goes away with the second. */
const KEYS = ["{hookwave:1}", "{hookwave:0}", "{hookwave:2}"];
const AWAY = 0;
const AWAY_MS = 20_000;
/** A worker that something keeps from its last writes waits for them as long (app/worker.ts). */
const LAST_WRITES_MS = 5_000;

const stack = new AsyncDisposableStack();
const members: TestMember[] = [];
let url = "";

function masters(): readonly [home: TestMember, away: TestMember, third: TestMember] {
  const [home, away, third] = members;
  if (home === undefined || away === undefined || third === undefined) throw new Error("no members");
  return [home, away, third];
}

/** Of one shard. */
const some = (shard: number, count: number, prefix: string): readonly string[] =>
  namesOf(prefix, 20 * count)
    .filter((id) => shardOf(id) === shard)
    .slice(0, count);

async function startDivided() {
  const [home] = masters();
  const hookwave = await startHookwave(
    { ...home, url },
    { shards: SHARDS, workerConcurrency: SHARDS, breakerFailureThreshold: 1_000 },
  );
  const publish = async (id: string, type = TYPE): Promise<void> => {
    await until("it is taken", () =>
      hookwave.publish({ id, type, data: {} }).then(
        () => true,
        () => false,
      ),
    );
  };
  return {
    ...hookwave,
    publishAll: (ids: readonly string[], type?: string) => Promise.all(ids.map((id) => publish(id, type))),
  };
}

/** A producer that knows of no shards. */
async function addJobs(url: string, prefix: string, jobs: readonly unknown[]): Promise<void> {
  const queue = new Queue("events", { connection: { url }, prefix });
  for (const job of jobs) await queue.add("event", job);
  await queue.close();
}

const eventOf = (id: string) => ({ id, type: TYPE, data: "{}" });

beforeAll(async () => {
  members.push(await startMember(stack), await startMember(stack), await startMember(stack));
  url = await spreadCluster(masters(), KEYS);
});
afterAll(() => stack.disposeAsync());

describe("while a shard is away", () => {
  it("events of foreign producers come to the others, and to it when it is back", async () => {
    const [home, away, third] = masters();
    await using receiver = await startReceiver();
    await using hookwave = await startDivided();
    await hookwave.endpoints.add({ id: "one", url: receiver.url });
    const first = oneOfEach("first");
    await hookwave.publishAll(first);
    await until("all are there", () => first.every((id) => receiver.ids().includes(id)));

    const [waiting, ofMixed] = [some(AWAY, 5, "waiting"), some(AWAY, 2, "mixed")];
    const [fine = "", own = "", beside = ""] = some(2, 3, "fine");
    await away.ask("CLIENT", "PAUSE", AWAY_MS, "ALL");
    const pausedAt = performance.now();
    await addJobs(home.url, "{hookwave}", [...waiting.map(eventOf), { not: "an event" }, { nor: "this" }]);
    const [toHome = "", toShard = ""] = ofMixed;
    await addJobs(home.url, "{hookwave}", [eventOf(fine), [toHome, beside].map(eventOf)]);
    await addJobs(third.url, "{hookwave:2}", [[toShard, own].map(eventOf)]);
    const others = [fine, beside, own];
    await until("those of others come", () => others.every((id) => receiver.ids().includes(id)), AWAY_MS);
    expect(performance.now() - pausedAt).toBeLessThan(AWAY_MS);

    const late = [...waiting, ...ofMixed];
    await until("its own come", () => late.every((id) => receiver.ids().includes(id)), 2 * AWAY_MS);
    await until("nothing is left", async () => (await hookwave.queueCounts()).new.depth === 0, AWAY_MS);
    expect(receiver.ids().toSorted()).toEqual([...first, ...others, ...late].toSorted());
    expect(await hookwave.deadLetters.count({})).toBe(2);
  });

  it("operator events come of the others, and a worker stops as soon as with all of them", async () => {
    const [home, away, third] = masters();
    await using ill = await startReceiver(500);
    await using operator = await startReceiver();
    await using hookwave = await startDivided();
    await hookwave.endpoints.add({ id: "ill", url: ill.url, events: ["thing.broken"], retrySchedule: [] });
    await hookwave.endpoints.add({ id: "operator", url: operator.url, events: ["delivery.dead_lettered"] });
    await away.ask("CLIENT", "PAUSE", 3 * AWAY_MS, "ALL");
    const broken = some(2, 24, "broken");
    await hookwave.publishAll(broken, "thing.broken");
    const facts = async () => String(await third.ask("HKEYS", "{hookwave:2}:operator-events")).split(",");
    await until("those that can be told are told", async () => {
      const left = await facts();
      return (
        left.every((id) => shardOf(id) === AWAY) && left.length + operator.ids().length === broken.length
      );
    });
    expect(operator.ids().map(shardOf)).not.toContain(AWAY);

    expect(Number(await home.ask("ZCARD", "{hookwave}:workers"))).toBe(1);
    const closedAt = performance.now();
    await hookwave.close();
    expect(performance.now() - closedAt).toBeLessThan(LAST_WRITES_MS);
    expect(Number(await home.ask("ZCARD", "{hookwave}:workers"))).toBe(0);
  });
});
