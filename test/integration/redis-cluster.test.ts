/** `redis+cluster://`: everybody is at the node that has our slot, also when it is another one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPublisher } from "../../src/index.ts";
import { ask, startApi } from "../support/api.ts";
import { formCluster, takeOver } from "../support/cluster.ts";
import { startMember, type TestMember } from "../support/cluster-member.ts";
import { LOOPBACK_VARIABLES, runCommand } from "../support/command.ts";
import { askDoctor } from "../support/doctor.ts";
import { startReceiver } from "../support/receiver.ts";
import { readRepositoryFile } from "../support/repository.ts";
import { startHookwave } from "../support/service.ts";
import { until } from "../support/until.ts";

const event = { type: "model.registered", data: { model_id: "m" } } as const;

const page = readRepositoryFile("docs/deployment.md");
const [, user = "", rules = ""] = /^user (\S+) (.*)$/m.exec(page) ?? [];
const [, more = ""] = /`(\+cluster[^`]*)`/.exec(page) ?? [];

const stack = new AsyncDisposableStack();
let [owner, other, replica]: TestMember[] = [];
let url = "";

const ours = (list: unknown): number =>
  [...String(list).matchAll(/ name=(?:hookwave-(?!cluster)|\{hookwave\}:)/g)].length;

beforeAll(async () => {
  const [first, below, above] = [
    await startMember(stack),
    await startMember(stack),
    await startMember(stack),
  ];
  [owner, other, replica] = [first, below, await startMember(stack)];
  const direct = await formCluster(first, [below, above], [replica], "{hookwave}");
  for (const member of [first, below, above, replica])
    await member.ask("ACL", "SETUSER", user, ...rules.split(" "), ...more.split(" "));
  url = direct.replace("redis+cluster://", `redis+cluster://${user}:change-me@`);
});
afterAll(() => stack.disposeAsync());

describe("a service on a Cluster", () => {
  it("is at the slot's owner with every connection, follows a handover, and waits for a replica of it", async () => {
    if (owner === undefined || other === undefined || replica === undefined) throw new Error("no members");
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave({ ...owner, url });
    await using api = await startApi(hookwave);
    const publisher = createPublisher({ redisUrl: url, logger: false });
    await hookwave.endpoints.add({ url: receiver.url });
    const publish = (id: string) => publisher.publish({ ...event, id }, { durability: "replicated" });
    // A replica that a busy machine keeps waiting has nothing in time: such an answer is a true one, too.
    await until("the replica has an event", () => publish("evt_before"));
    await receiver.received(1);
    expect(ours(await other.ask("CLIENT", "LIST"))).toBe(0);

    await takeOver(replica);
    await until("a publish is taken", () => publish("evt_after"));
    await receiver.received(2);
    await until("nobody is left", async () => ours(await owner?.ask("CLIENT", "LIST")) === 0);
    await until("the API is ready", async () => (await ask(`${api.url}/readyz`)).status === 200);

    for (const member of [owner, other, replica]) expect(await member.ask("ACL", "LOG")).toEqual([]);
    const variables = { ...LOOPBACK_VARIABLES, REDIS_URL: url, HOOKWAVE_DATA_DIR: owner.dataDir };
    const report = await askDoctor([], variables);
    expect(report.of("redis.role")).toMatchObject([{ level: "ok" }]);
    expect(await runCommand(["status", "--redis", url], variables)).toMatchObject({ code: 0, stderr: "" });
    await publisher.close();
  });
});

describe("what a Cluster cannot be", () => {
  it("is the bus, whose list and channel have no slot of ours: named, or by default", async () => {
    const bus = { legacyRedisUrl: url };
    expect(() => createPublisher({ redisUrl: "redis://127.0.0.1:1", bus, logger: false })).toThrow(
      /expected a Redis that is no Cluster for the legacy bus.*LEGACY_REDIS_URL/,
    );
    const bridge = ["bridge", "--list", "old", "--type", event.type, "--takeover"];
    const { code, stderr } = await runCommand(bridge, { REDIS_URL: url });
    expect(code).not.toBe(0);
    expect(stderr).toContain("a Redis that is no Cluster");
  });

  it("is a single Redis: a node without our slot says how to name it", async () => {
    const publisher = createPublisher({ redisUrl: other?.url ?? "", logger: false });
    await expect(publisher.publish(event)).rejects.toThrow(/write REDIS_URL as redis\+cluster:/);
    await publisher.close();
  });

  it("is away: the message names a node", async () => {
    const publisher = createPublisher({ redisUrl: "redis+cluster://127.0.0.1:1,127.0.0.1:2", logger: false });
    await expect(publisher.publish(event)).rejects.toThrow(
      /expected a node of the Cluster that knows who has our keys, got 127\.0\.0\.1:2: connect ECONNREFUSED/,
    );
    await publisher.close();
  });
});
