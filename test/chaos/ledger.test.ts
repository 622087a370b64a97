/** The matrix' ledger reads while workers go on. */
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { startRedis } from "../support/service.ts";
import { readLine } from "./harness/ledger.ts";

it("takes a line that has drained since it was listed for an empty one", async () => {
  await using server = await startRedis();
  const redis = new Redis(server.url);
  try {
    await redis.zadd("{hookwave}:parking:line:stays", 1, "one", 2, "without a text");
    await redis.hset("{hookwave}:parking:deliveries:stays", "one", "its text");

    expect(await readLine(redis, "drained")).toEqual([]);
    expect(await readLine(redis, "stays")).toEqual(["its text"]);
  } finally {
    redis.disconnect();
  }
});
