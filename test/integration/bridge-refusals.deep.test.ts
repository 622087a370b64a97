/** `hookwave bridge` where it must not run: a loop, a list that others read, and what it cannot understand. */
import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIST, messageOf, payloadOf, startBridge, TAKEOVER } from "../support/bridge.ts";
import { runCommand, type Variables } from "../support/command.ts";
import { startRedis, type TestRedis } from "../support/service.ts";

const QUEUE = "hookwave-test:{type}";
const WORK_MS = 20;

let redis: TestRedis;
let bus: Redis;

beforeAll(async () => {
  redis = await startRedis();
  bus = new Redis(redis.url);
});

afterAll(async () => {
  bus.disconnect();
  await redis[Symbol.asyncDispose]();
});

/** Its exit code and the error it ended with. */
async function refused(words: readonly string[], variables: Variables = { REDIS_URL: redis.url }) {
  const { code, stdout, stderr } = await runCommand(["bridge", ...words, "--json"], variables);
  expect(stdout).toBe("");
  return { exitCode: code, ...JSON.parse(stderr).error };
}

describe("a bridge that would read what Hookwave writes", () => {
  const other = (path: string): string => redis.url.replace("127.0.0.1", "localhost") + path;
  const list = ["--list", "hookwave-test:model.registered", "--takeover"];
  const channel = ["--channel", "hookwave-test:model.registered"];

  it.each([
    ["a list", list, ""],
    ["a list of a database that is spelt out", list, "/0"],
    ["a channel, heard in every database", channel, "/3"],
  ])("is refused for %s, however its server is spelt", async (_, words, path) => {
    const variable = words === list ? "LEGACY_REDIS_LIST" : "LEGACY_REDIS_CHANNEL";
    const variables = { REDIS_URL: redis.url, [variable]: QUEUE };
    expect(await refused([...words, "--from", other(path)], variables)).toMatchObject({
      exitCode: 78,
      code: "BRIDGE_LOOP",
      got: expect.stringContaining("hookwave-test:model.registered"),
      remedy: expect.stringContaining(variable),
    });
  });

  it("is refused for the names that the bus has without settings", async () => {
    const words = ["--list", "hokusai:model_ready_queue", "--takeover"];
    expect(await refused(words)).toMatchObject({ exitCode: 78, code: "BRIDGE_LOOP" });
  });

  it("is none in another database, on another server, or for a type that the bus never gets", async () => {
    await using second = await startRedis();
    const variables = { REDIS_URL: redis.url, LEGACY_REDIS_LIST: QUEUE };
    const begin = (...words: string[]) => startBridge(variables, ["bridge", ...list, "--json", ...words]);
    await using _database = await begin("--from", other("/3"));
    await using _server = await begin("--from", second.url, "--name", "b2");
    const job = ["--list", "hookwave-test:job.done", "--type", "job.done"];
    await using _type = await startBridge(variables, ["bridge", ...job, "--takeover", "--json"]);
  });
});

describe("a bridge that would share its list", () => {
  it("is refused without --takeover, and says what that means", async () => {
    expect(await refused(["--list", LIST])).toMatchObject({
      exitCode: 64,
      code: "USAGE",
      expected: "--takeover beside --list",
      remedy: expect.stringContaining(`whoever else pops from "${LIST}" gets nothing any more`),
    });
  });

  it.each([`${LIST}:processing`, `${LIST}:processing:other-bridge`])(
    "is refused while %s moves, takes nothing, and begins once it stands still",
    async (processing) => {
      await bus.lpush(LIST, ...Array.from({ length: 20 }, (_, n) => messageOf(payloadOf(n))));
      // A consumer as they are: moves a message, works on it, removes it.
      let isWorking = true;
      const consumer = (async () => {
        while (isWorking) {
          const message = await bus.lmove(LIST, processing, "RIGHT", "LEFT");
          if (message === null) continue;
          // As long as real work: a list that is hardly ever there is hardly ever seen.
          await setTimeout(WORK_MS);
          await bus.lrem(processing, 1, message);
          await bus.lpush(LIST, message);
        }
      })();
      const error = await refused(TAKEOVER.slice(1, -1)).finally(() => {
        isWorking = false;
      });
      await consumer;
      expect(error).toMatchObject({
        exitCode: 1,
        code: "LIST_IN_USE",
        got: expect.stringContaining(`"${processing}"`),
      });
      expect([await bus.llen(LIST), await bus.exists(`${LIST}:processing:bridge`)]).toEqual([20, 0]);

      // A message that a consumer left there when it died is no consumer.
      await bus.lpush(processing, messageOf(payloadOf(99)));
      await using _bridge = await startBridge({ REDIS_URL: redis.url });
      await bus.del(LIST, processing);
    },
  );
});

describe("hookwave bridge", () => {
  it.each([
    [["--channel", "c", "--list", "l"], "--list or --channel"],
    [[], "--list <name> --takeover, or --channel <name>"],
    [["--channel", "c", "--takeover"], "--takeover with --list"],
    [["--channel", "c", "--name", "n"], "--name with --list"],
    [["--channel", "c", "--type", "Model Registered"], "--type with"],
    [["--channel", "c", "--from", "http://secret@host"], "--from with"],
    [["--list", "l", "--takeover", "--name", "a:b"], "--name with"],
  ])("does not understand %j", async (words, expected) => {
    const error = await refused(words);
    expect(error).toMatchObject({ exitCode: 64, code: "USAGE", expected: expect.stringContaining(expected) });
    expect(JSON.stringify(error)).not.toContain("secret");
  });

  it("wants to know where the service's Redis is, and that the list is one", async () => {
    expect(await refused(["--channel", "c"], {})).toMatchObject({ exitCode: 78, code: "CONFIG_INVALID" });
    await bus.hset("a-hash", "field", "value");
    expect(await refused(["--list", "a-hash", "--takeover"])).toMatchObject({
      exitCode: 78,
      got: "a hash",
    });
  });

  it("says when the Redis it is to read does not answer", async () => {
    const error = await refused(["--channel", "c", "--from", "redis://127.0.0.1:1"]);
    expect(error).toMatchObject({
      exitCode: 1,
      code: "REDIS_UNAVAILABLE",
      remedy: expect.stringContaining("--from"),
    });
  });
});
