import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { summarise } from "../../../src/core/errors.ts";
import { refusalByRedis } from "../../../src/core/redis-replies.ts";
import { createRedisOutage } from "../../../src/observe/redis-outage.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = (message: string, code?: string, doing = "worker") => {
  const error = Object.assign(new Error(message), code === undefined ? {} : { code });
  return { kind: "service.failed", doing, error: summarise(refusalByRedis(error) ?? error) } as const;
};
const REFUSED = failure("connect ECONNREFUSED 127.0.0.1:6379", "ECONNREFUSED");

function open() {
  const lines: string[] = [];
  const redis = { takesWrites: false };
  const outage = createRedisOutage({
    monotonicMs: () => performance.now(),
    write: (level, fields, message) => lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
  });
  outage.askBy(async () => redis.takesWrites);
  return { lines, redis, ...outage };
}

describe("an outage of Redis", () => {
  it("is a line at once, one a minute, and one at its end, with the number of failures", async () => {
    const { lines, redis, takes } = open();
    for (let second = 0; second < 130; second += 1) {
      for (let at = 0; at < 10; at += 1) expect(takes(REFUSED)).toBe(true);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    redis.takesWrites = true;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(lines).toEqual([
      `error redis.lost ${JSON.stringify({ doing: "worker", error: REFUSED.error })}`,
      'error redis.away {"failures":600,"forMs":60000}',
      'error redis.away {"failures":1200,"forMs":120000}',
      'warn redis.back {"failures":1300,"forMs":131000}',
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not over while something fails still, and is another one when it comes again", async () => {
    const { lines, redis, takes } = open();
    takes(REFUSED);
    redis.takesWrites = true;
    for (let at = 0; at < 10; at += 1) {
      await vi.advanceTimersByTimeAsync(900);
      takes(REFUSED);
    }
    expect(lines).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3_000);
    takes(REFUSED);
    expect(lines.map((line) => line.split(" ")[1])).toEqual(["redis.lost", "redis.back", "redis.lost"]);
  });

  it.each([
    ["Command timed out"],
    ["Connection is closed."],
    ["Stream isn't writeable and enableOfflineQueue options is false"],
    ["Socket timeout. Expecting data, but didn't receive any in 5000ms."],
    ["getaddrinfo ENOTFOUND redis", "ENOTFOUND"],
    ["LOADING Redis is loading the dataset in memory"],
    ["READONLY You can't write against a read only replica."],
    ["OOM command not allowed when used memory > 'maxmemory'."],
    ["NOAUTH Authentication required."],
  ])("is one where a failure says %s", (message, code?: string) => {
    expect(open().takes(failure(message, code))).toBe(true);
  });

  it.each([
    ["NOPERM User worker has no permissions to run the 'xadd' command"],
    ["WRONGTYPE Operation against a key holding the wrong kind of value"],
    ["Cannot read properties of undefined"],
  ])("is none where a failure says %s, which has a line of its own", (message) => {
    expect(open().takes(failure(message))).toBe(false);
  });

  it("does not hide why the server of our own cannot be started", () => {
    expect(open().takes(failure("connect ECONNREFUSED", "ECONNREFUSED", "embedded_redis"))).toBe(false);
  });

  it("says nothing more once the log is closed", async () => {
    const { lines, redis, takes, close } = open();
    takes(REFUSED);
    close();
    redis.takesWrites = true;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(lines).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
