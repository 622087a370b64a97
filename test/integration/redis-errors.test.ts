/** Errors of commands are sorted by what Redis and its client really say: words of theirs, which may change. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRedis, redisTrouble } from "../../src/store/redis.ts";
import { startRedis, type TestRedis } from "../support/service.ts";

let redis: TestRedis;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterAll(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});

async function connect(url = redis.url): Promise<Redis> {
  const client = connectRedis(url, "producer", () => undefined);
  if (client.status !== "ready") await new Promise((resolve) => client.once("ready", resolve));
  return client;
}

/** What the first error of these commands is taken for. */
const troubleOf = (work: Promise<unknown>) => work.then(() => expect.fail("it was done"), redisTrouble);

describe("a command that Redis refuses", () => {
  it.each([
    ["without its replicas", "min-replicas-to-write", "1", "0"],
    ["out of memory", "maxmemory", "1", "0"],
  ])("is known as refused: %s", async (_, setting, bad, good) => {
    await admin.config("SET", setting, bad);
    const client = await connect();
    expect(await troubleOf(client.set("key", "value"))).toBe("refused");
    expect(await troubleOf(client.eval("return redis.call('SET', KEYS[1], 'value')", 1, "key"))).toBe(
      "refused",
    );
    client.disconnect();
    await admin.config("SET", setting, good);
  });

  it("is known as refused by a replica", async () => {
    await admin.replicaof("127.0.0.1", 1);
    const client = await connect();
    expect(await troubleOf(client.set("key", "value"))).toBe("refused");
    client.disconnect();
    await admin.replicaof("NO", "ONE");
  });

  it("is not, where the command itself is wrong", async () => {
    await admin.set("text", "no list");
    expect(await troubleOf(admin.lpush("text", "x"))).toBeNull();
    expect(redisTrouble("OOM command not allowed")).toBeNull();
  });
});

describe("a command without an answer", () => {
  it("is known as such: from one that is frozen, disconnected, never there, or killed", async () => {
    const client = await connect();
    process.kill(redis.pid, "SIGSTOP");
    expect(await troubleOf(client.ping())).toBe("unanswered");
    process.kill(redis.pid, "SIGCONT");
    client.disconnect();
    expect(await troubleOf(client.ping())).toBe("unanswered");

    const nobody = connectRedis("redis://127.0.0.1:1", "producer", () => undefined);
    expect(await troubleOf(nobody.ping())).toBe("unanswered");
    nobody.disconnect();

    await using doomed = await startRedis();
    const bereft = await connect(doomed.url);
    process.kill(doomed.pid, "SIGSTOP");
    const asked = troubleOf(bereft.ping());
    process.kill(doomed.pid, "SIGKILL");
    expect(await asked).toBe("unanswered");
    bereft.disconnect();
  });
});
