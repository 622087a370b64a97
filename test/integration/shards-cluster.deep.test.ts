/** Shards on a Cluster of three masters: each is where its slot is, and the others go on while one is away. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asEventId } from "../../src/core/brand.ts";
import { createPublisher } from "../../src/index.ts";
import { shardNumber } from "../../src/store/shard-places.ts";
import { spreadCluster } from "../support/cluster.ts";
import { startMember, type TestMember } from "../support/cluster-member.ts";
import { LOOPBACK_VARIABLES, runCommand } from "../support/command.ts";
import { askDoctor } from "../support/doctor.ts";
import { pause } from "../support/paused.ts";
import { startReceiver } from "../support/receiver.ts";
import { startHookwave, type TestHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const SHARDS = 3;
const TYPE = "thing.made";
/** Home is with the first of them. */
const KEYS = ["{hookwave:0}", "{hookwave:1}", "{hookwave:2}"];

/** Of whatever asked Redis and was not answered in time. */
const failures = ({ happenings }: TestHookwave): number =>
  happenings.filter(({ kind }) => kind === "service.failed").length;

const stack = new AsyncDisposableStack();
const members: TestMember[] = [];
let replica: TestMember | undefined;
let url = "";

const namesIn = (shard: number, count: number, prefix: string): readonly string[] =>
  Array.from({ length: 20 * count }, (_, n) => `evt_${prefix}_${n}`)
    .filter((id) => shardNumber(asEventId(id), SHARDS) === shard)
    .slice(0, count);

beforeAll(async () => {
  const first = await startMember(stack);
  members.push(first, await startMember(stack), await startMember(stack));
  const [, second] = members;
  replica = await startMember(stack);
  if (second === undefined) throw new Error("no members");
  const [, ...others] = members;
  url = await spreadCluster([first, ...others], KEYS, [{ replica, master: second }]);
});
afterAll(() => stack.disposeAsync());

describe("a service in shards on a Cluster", () => {
  it("has each event with its master, goes on while one is away, and follows its replica", async () => {
    const [home, second] = members;
    if (home === undefined || second === undefined || replica === undefined) throw new Error("no members");
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave({ ...home, url }, { shards: SHARDS });
    const publisher = createPublisher({ redisUrl: url, shards: SHARDS, logger: false });
    stack.defer(publisher.close);
    await hookwave.endpoints.add({ id: "one", url: receiver.url });
    const ids = [0, 1, 2].flatMap((shard) => namesIn(shard, 5, "first"));
    const isTaken = (...some: readonly string[]) =>
      publisher.publishMany(some.map((id) => ({ id, type: TYPE, data: {} }))).then(
        () => true,
        () => false,
      );
    await until("all are taken", () => isTaken(...ids));
    await until("all have come", () => ids.every((id) => receiver.ids().includes(id)));
    for (const member of members)
      expect(String(await member.ask("KEYS", "*:event:*")).split(",")).toHaveLength(5);
    await until("all are read", async () => {
      const { data } = await hookwave.events.latest({ type: null, since: null }, { after: null, limit: 50 });
      return data.length === 15;
    });

    // Home is away: nothing of what lies there is needed for a delivery.
    const homePaused = await pause(home);
    stack.use(homePaused);
    const failuresBefore = failures(hookwave);
    const goOn = async (name: string): Promise<void> => {
      const without = [1, 2].flatMap((shard) => namesIn(shard, 5, name));
      await until("those of the others are taken", () => isTaken(...without));
      await until("they come", () => without.every((id) => receiver.ids().includes(id)));
    };
    await goOn("without");
    await until("its silence is noticed", () => failures(hookwave) > failuresBefore);
    await goOn("still_without");
    expect(homePaused.hasAnswered()).toBe(false);
    await homePaused.release();
    await until("home is there again", () => hookwave.isRedisReachable(), 30_000);

    stack.use(await pause(second));
    const meanwhile = [0, 2].flatMap((shard) => namesIn(shard, 5, "meanwhile"));
    await until("those of others are taken", () => isTaken(...meanwhile));
    await until("they come", () => meanwhile.every((id) => receiver.ids().includes(id)));
    const [late = ""] = namesIn(1, 1, "late");
    expect(await isTaken(late)).toBe(false);

    await replica.ask("CLUSTER", "FAILOVER", "TAKEOVER");
    await until("its replica takes them", () => isTaken(late), 30_000);
    await until("it comes", () => receiver.ids().includes(late), 30_000);

    const variables = {
      ...LOOPBACK_VARIABLES,
      REDIS_URL: url,
      SHARDS: String(SHARDS),
      HOOKWAVE_DATA_DIR: home.dataDir,
    };
    const report = await askDoctor([], variables);
    expect(report.of("redis.connection")).toMatchObject([{ level: "ok", seen: "3 shards" }]);
    expect(await runCommand(["status", "--redis", url], variables)).toMatchObject({ code: 0, stderr: "" });
    expect(await runCommand(["status", "--redis", url], { ...variables, SHARDS: "2" })).toMatchObject({
      stderr: expect.stringContaining("SHARDS=3"),
    });
  });
});
