/** Home of an installation in shards does not answer: a shard whose Redis is well delivers all the same. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asEventId } from "../../src/core/brand.ts";
import { createPublisher, type Publisher } from "../../src/index.ts";
import { shardNumber } from "../../src/store/shard-places.ts";
import { spreadCluster } from "../support/cluster.ts";
import { startMember, type TestMember } from "../support/cluster-member.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const SHARDS = 2;
/** Home is with the first of them, and so is the first shard. */
const KEYS = ["{hookwave:0}", "{hookwave:1}"];
/** More than a worker has attempts under way. */
const MANY = 600;

const stack = new AsyncDisposableStack();
let home: TestMember;
let hookwave: TestHookwave;
let publisher: Publisher;

/** Of the shard that is not with home. */
const namesOf = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: 20 * count }, (_, n) => `evt_${prefix}_${n}`)
    .filter((id) => shardNumber(asEventId(id), SHARDS) === 1)
    .slice(0, count);

const taken = (type: string, ids: readonly string[]): Promise<unknown> =>
  until("they are taken", () =>
    publisher.publishMany(ids.map((id) => ({ id, type, data: {} }))).then(
      () => true,
      () => false,
    ),
  );

beforeAll(async () => {
  home = await startMember(stack);
  const other = await startMember(stack);
  const url = await spreadCluster([home, other], KEYS);
  // One that is stopped is still a member: of two, nobody could say that it is not.
  for (const member of [home, other]) await member.ask("CONFIG", "SET", "cluster-node-timeout", 600_000);
  hookwave = stack.use(await startHookwave({ ...home, url }, { shards: SHARDS }));
  publisher = createPublisher({ redisUrl: url, shards: SHARDS, logger: false });
  stack.defer(publisher.close);
});
afterAll(() => stack.disposeAsync());

describe("an endpoint with a rate, while home does not answer", () => {
  it("keeps no other endpoint waiting, and gets its own, once each, when home is back", async () => {
    await using rated = await startReceiver();
    await using plain = await startReceiver();
    const rateLimit = { count: 10_000, perMs: 1_000 };
    await hookwave.endpoints.add({ id: "rated", url: rated.url, events: ["thing.rated"], rateLimit });
    await hookwave.endpoints.add({ id: "plain", url: plain.url, events: ["thing.plain"] });
    const [first = "", ...many] = namesOf("rated", MANY + 1);
    await taken("thing.rated", [first]);
    await until("one has come", () => rated.ids().includes(first));

    process.kill(home.pid, "SIGSTOP");
    try {
      await taken("thing.rated", many);
      for (const id of namesOf("plain", 3)) {
        await taken("thing.plain", [id]);
        await until("the other endpoint's comes", () => plain.ids().includes(id), 20_000);
      }
    } finally {
      process.kill(home.pid, "SIGCONT");
    }
    await until("its own come", () => new Set(rated.ids()).size === MANY + 1, 60_000);
    expect(rated.ids()).toHaveLength(MANY + 1);
  });
});
