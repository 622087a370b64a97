/** `redis+sentinel://`: everybody finds the master by its sentinels, also when it is another one. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPublisher } from "../../src/index.ts";
import { ask, startApi } from "../support/api.ts";
import { LOOPBACK_VARIABLES, runCommand } from "../support/command.ts";
import { askDoctor } from "../support/doctor.ts";
import { startReceiver } from "../support/receiver.ts";
import { MASTER, type Sentinels, startSentinels } from "../support/sentinels.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const event = { type: "model.registered", data: { model_id: "m" } } as const;
const PASSWORD = "hush-hush";

const portOf = ({ url }: TestRedis): number => Number(new URL(url).port);

async function withUser(redis: TestRedis): Promise<TestRedis> {
  const admin = new Redis(redis.url);
  await admin.call("ACL", "SETUSER", "shop", "on", `>${PASSWORD}`, "~*", "&*", "+@all");
  admin.disconnect();
  return redis;
}

const stack = new AsyncDisposableStack();
let master: TestRedis;
let replica: TestRedis;
let sentinels: Sentinels;
let url = "";

beforeAll(async () => {
  master = await withUser(
    stack.use(await startRedis("--appendonly", "yes", "--repl-diskless-sync-delay", "0")),
  );
  replica = await withUser(stack.use(await startRedis("--replicaof", "127.0.0.1", `${portOf(master)}`)));
  sentinels = stack.use(await startSentinels(portOf(master), { password: PASSWORD }));
  await sentinels.untilReplicas(1);
  url = `redis+sentinel://shop:${PASSWORD}@${sentinels.hosts}/${MASTER}/0?sentinelPassword=${PASSWORD}`;
});
afterAll(() => stack.disposeAsync());

/** Names of our connections to a server. */
async function connectedTo({ url: direct }: TestRedis): Promise<number> {
  const admin = new Redis(direct);
  const clients = String(await admin.client("LIST"));
  admin.disconnect();
  return [...clients.matchAll(/ user=shop /g)].length;
}

describe("a service that is led by sentinels", () => {
  it("publishes, delivers and answers, follows a failover with every connection, and shows no password", async () => {
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave({ ...master, url });
    await using api = await startApi(hookwave);
    const publisher = createPublisher({ redisUrl: url, logger: false });
    await hookwave.endpoints.add({ url: receiver.url });
    // A replica that is still copying would be a master without an endpoint.
    await until("the replica has all of it", () =>
      publisher.publish({ ...event, id: "evt_before" }, { durability: "replicated" }),
    );
    await receiver.received(1);
    expect(await connectedTo(replica)).toBe(0);

    await sentinels.failover();
    await until("nobody is left at the old master", async () => (await connectedTo(master)) === 0);
    await until("a publish is taken", () => publisher.publish({ ...event, id: "evt_after" }));
    await receiver.received(2);
    await until("the API is ready", async () => (await ask(`${api.url}/readyz`)).status === 200);
    await until("two wait for jobs at the new one", async () => (await connectedTo(replica)) >= 6);

    const variables = { ...LOOPBACK_VARIABLES, REDIS_URL: url, HOOKWAVE_DATA_DIR: master.dataDir };
    const report = await askDoctor([], variables);
    expect(report.of("redis.role")).toMatchObject([{ level: "ok" }]);
    expect(report.seenFrom).toContain(`redis+sentinel://${sentinels.hosts}/${MASTER}/0`);
    expect(JSON.stringify(report)).not.toContain(PASSWORD);
    const status = await runCommand(["status", "--redis", url], variables);
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(await runCommand(["redis-url"], variables)).toMatchObject({ stdout: `${url}\n` });
    await publisher.close();
  });
});

describe("sentinels that lead nowhere", () => {
  const refusal = async (redisUrl: string): Promise<{ said: string; lines: readonly string[] }> => {
    const lines: string[] = [];
    const hear = (_: unknown, text?: string) => void lines.push(String(text));
    const logger = { debug: hear, info: hear, warn: hear, error: hear };
    const publisher = createPublisher({ redisUrl, logger });
    try {
      const error: unknown = await publisher.publish(event).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "REDIS_UNAVAILABLE" });
      return { said: String(error), lines };
    } finally {
      await publisher.close();
    }
  };

  it.each([
    ["who know no such master", () => url.replace(MASTER, "another"), "ERR No such master with that name"],
    ["who ask for a password", () => url.replace(/\?.*/, ""), ": NOAUTH"],
    [
      "who are not there",
      () => `redis+sentinel://127.0.0.1:1,127.0.0.1:2/${MASTER}`,
      "got sentinel 127.0.0.1:2: Connection is closed",
    ],
  ])("are told of as what they are, at once and in one line: %s", async (_, urlOf, got) => {
    const { said, lines } = await refusal(urlOf());
    expect(said).toContain("expected a sentinel that knows where the master");
    expect(said).toContain(got);
    expect(said).not.toContain(PASSWORD);
    expect(lines).toEqual(["redis.lost"]);
  });
});
