/** Reading back, on a real Redis, what was logged of an endpoint's attempts. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttemptFilter } from "../../src/core/attempt.ts";
import { createAttemptHistory } from "../../src/store/attempt-history.ts";
import { createKeys } from "../../src/store/keys.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { delivered, endpointId, refused } from "../unit/observe/happenings.ts";

const KEYS = createKeys("{hookwave}");
const MANY = 1_500;

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  const pipeline = redis.pipeline();
  // One a second from the first second on; every 500th was refused, and of another type.
  for (let second = 1; second <= MANY; second += 1) {
    const record = {
      ...(second % 500 === 0 ? { ...refused, eventType: "job.done" } : delivered),
      attemptId: `atm_${second}`,
    };
    const fields = ["attempt", JSON.stringify(record), "excerpt", record.status === 503 ? "sorry" : ""];
    pipeline.xadd(KEYS.attempts(endpointId), `${second * 1_000}-0`, ...fields);
  }
  await pipeline.exec();
});
afterAll(async () => {
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

async function read(filter: AttemptFilter, limit: number, after: string | null = null) {
  const { data, next } = await createAttemptHistory(redis, KEYS)(endpointId, filter, { after, limit });
  return { seconds: data.map(({ record }) => Number(record.attemptId.slice(4))), next };
}

describe("an endpoint's attempts", () => {
  it("come newest first, page by page, each once", async () => {
    const first = await read({}, 2);
    expect(first.seconds).toEqual([1_500, 1_499]);
    const second = await read({}, 2, first.next);
    expect(second.seconds).toEqual([1_498, 1_497]);
    const last = await read({ until: 3_000 }, 5);
    expect(last).toEqual({ seconds: [3, 2, 1], next: null });
  });

  it("come with what the receiver answered", async () => {
    const history = createAttemptHistory(redis, KEYS);
    const { data } = await history(endpointId, {}, { after: null, limit: 1 });
    expect(data[0]).toEqual({
      record: { ...refused, eventType: "job.done", attemptId: "atm_1500" },
      excerpt: "sorry",
    });
  });

  it.each<[string, AttemptFilter, readonly number[]]>([
    ["what followed", { verdict: "retry" }, [1_500, 1_000]],
    ["their event's type", { eventType: "job.done" }, [1_500, 1_000]],
    ["its family", { eventType: "job.*" }, [1_500, 1_000]],
    ["their time", { since: 1_499_000, until: 1_499_999 }, [1_499]],
    ["a time without any", { since: 1_600_000 }, []],
    ["all of it", { verdict: "retry", eventType: "job.*", since: 900_000, until: 1_200_000 }, [1_000]],
  ])("are found by %s", async (_what, filter, seconds) => {
    expect((await read(filter, 2)).seconds).toEqual(seconds);
  });

  it("are looked at a thousand at a time: a page may be short, and says where to go on", async () => {
    const first = await read({ verdict: "retry" }, 100);
    expect(first.seconds).toEqual([1_500, 1_000]);
    expect(first.next).toBe("501000-0");
    expect(await read({ verdict: "retry" }, 100, first.next)).toEqual({ seconds: [500], next: null });
  });

  it.each(["", "1", "1-", "-", "+", "(1-1", "1-1 x"])("refuse the cursor %j", async (cursor) => {
    await expect(read({}, 1, cursor)).rejects.toMatchObject({ code: "CURSOR_INVALID" });
  });
});
