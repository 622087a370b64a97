/** Addresses of a Redis: read as they are meant, or refused; never localhost by default. */
import { describe, expect, it } from "vitest";
import { createPublisher } from "../../../src/app/publishing.ts";
import { readEnvironment } from "../../../src/config/environment.ts";

describe.each(["REDIS_URL", "LEGACY_REDIS_URL"])("%s", (variable) => {
  it.each([
    "redis://h",
    "redis://h:6380/15",
    "rediss://user:p%40s%2Fs@h:6380",
    "redis://:pw@[::1]:6379/0",
    "redis://10.0.0.1/",
    "redis://h:6379/0?family=6",
  ])("is taken as it is: %s", (text) => {
    const { redisUrl, legacyRedisUrl } = readEnvironment({ [variable]: text });
    expect([redisUrl, legacyRedisUrl]).toContain(text);
  });

  it.each([
    "h:6379",
    "h",
    "//h:6379",
    "redis:",
    "redis://",
    "redis:///0",
    "redis:h",
    "redis://:hush-hush@",
    "redis://h:65536",
    "redis://h:0",
    "redis://h/one",
    "redis://h/-1",
    "redis://h/0/1",
    "redis://h1:1,h2:2",
    "valkey://h",
    "unix:///run/redis.sock",
    "/run/redis.sock",
    "http://h",
    "redis://h ost",
    "redis://:hush-hush%@h",
    "redis://:hush-hush#1@h",
    "redis://:hush-hush/1@h",
    "redis://u:12/hush-hush@h",
    "redis://u:12?hush-hush@h",
    "redis://h#hush-hush",
    "redis://h?host=elsewhere",
    "redis://h?family=6&db=3",
  ])("is refused by its name, with what to do and without a password: %s", (text) => {
    const read = () => readEnvironment({ [variable]: text });
    expect(read).toThrow(`${variable}: expected a URL like redis://`);
    expect(read).toThrow("percent-encode");
    expect(read).not.toThrow("hush-hush");
  });
});

describe("the option redisUrl", () => {
  it.each([undefined, null, 6379, "", "h:6379", "redis://:hush-hush#@h"])(
    "is refused by its name, and by nobody taken for localhost: %j",
    (given) => {
      const open = () => createPublisher(Object({ redisUrl: given }));
      expect(open).toThrow("redisUrl: expected a URL like redis://");
      expect(open).not.toThrow("hush-hush");
    },
  );
});
