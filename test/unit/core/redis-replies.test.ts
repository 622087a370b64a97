/** Replies of Redis as people read them: with what to do, and never bare. */
import { describe, expect, it } from "vitest";
import { HookwaveError } from "../../../src/core/errors.ts";
import {
  isDemoted,
  isElsewhere,
  REDIS_REPLIES,
  redisWord,
  refusalByRedis,
} from "../../../src/core/redis-replies.ts";

/** As Redis 7 and Valkey 8 spell them. */
const REPLIES = [
  "READONLY You can't write against a read only replica.",
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
  "OOM command not allowed when used memory > 'maxmemory'.",
  "NOAUTH Authentication required.",
  "NOPERM User x has no permissions to run the 'evalsha' command",
  "WRONGPASS invalid username-password pair or user is disabled.",
  "LOADING Redis is loading the dataset in memory",
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  "CLUSTERDOWN The cluster is down",
  "NOREPLICAS Not enough good replicas to write.",
  "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
  "MOVED 3999 127.0.0.1:6381",
  "ASK 3999 127.0.0.1:6381",
  "TRYAGAIN Multiple keys request during rehashing of slot",
  "ERR Script attempted to access a non local key in a cluster node script: 3032, on @user_script:1.",
  "ERR Error running script (call to f_6b1b): @user_script:1: Lua script attempted to access a non local key in a cluster node",
  "EXECABORT Transaction discarded because of previous errors.",
  "UNKILLABLE Sorry the script already executed write commands against the dataset.",
  "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
  "DENIED Redis is running in protected mode",
  "ERR max number of clients reached",
  "ERR DB index is out of range",
  "ERR unknown command 'WAITAOF', with args beginning with: '1'",
  "ERR AUTH <password> called without any password configured for the default user.",
  "ERR SELECT is not allowed in cluster mode",
];

describe("a reply of Redis that is no answer", () => {
  it.each(REPLIES)("has a code, its meaning and a remedy: %s", (reply) => {
    const refusal = refusalByRedis(new Error(reply));
    expect(refusal).toMatchObject({ code: "REDIS_UNAVAILABLE", got: reply });
    expect(refusal?.expected).toMatch(/^Redis to do what it was asked, but it \w+/);
    expect(refusal?.remedy.length).toBeGreaterThan(10);
  });

  it("is known when a script passes it on, as before Redis 7, and when it is one of ours already", () => {
    const passedOn =
      "ERR Error running script (call to f_6b1b): @user_script:1: @user_script: 1: -READONLY You can't write";
    expect(redisWord(new Error(passedOn))).toBe("READONLY");
    const known = refusalByRedis(new Error("OOM command not allowed"));
    expect(redisWord(known)).toBe("OOM");
    expect(refusalByRedis(known)).toBeNull();
  });

  it.each([
    "ERR value is not an integer or out of range",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "NOSCRIPT No matching script. Please use EVAL.",
    "connect ECONNREFUSED 127.0.0.1:1",
    "constructor",
  ])("is not seen in what says nothing of the state of Redis: %s", (text) => {
    expect(refusalByRedis(new Error(text))).toBeNull();
    expect(refusalByRedis(text)).toBeNull();
  });

  it("says of a replica, and of nobody else, that it is to be left; of a Cluster's node also without our slot", () => {
    const wordsThat = (hold: (error: unknown) => boolean) =>
      Object.keys(REDIS_REPLIES).filter((word) => hold(new Error(`${word} so it is`)));
    const demoted = ["READONLY", "MASTERDOWN", "UNBLOCKED", "REDIRECT", "NOMASTERLINK"];
    expect(wordsThat(isDemoted)).toEqual(demoted);
    expect(wordsThat(isElsewhere).filter((word) => !demoted.includes(word))).toEqual([
      "CLUSTERDOWN",
      "MOVED",
    ]);
    expect(isDemoted(new HookwaveError("CLOSED", { expected: "a", got: "b", remedy: "c" }))).toBe(false);
  });
});
