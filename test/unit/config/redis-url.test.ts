/** Addresses of a Redis: read as they are meant, or refused; never localhost by default. */
import { describe, expect, it } from "vitest";
import { createPublisher } from "../../../src/app/publishing.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { createAuthority } from "../../support/certificates.ts";

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
    "redis://h1,h2",
    "redis://h?family=7",
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

describe("REDIS_TLS_CA, REDIS_TLS_CERT and REDIS_TLS_KEY", () => {
  const { cert, issue } = createAuthority();
  const own = issue("hookwave");
  const url = "rediss://h";

  it("take PEM, several certificates in one as well", () => {
    const env = { REDIS_URL: url, REDIS_TLS_CA: `${cert}\n${own.cert}` };
    const pair = { REDIS_TLS_CERT: own.cert, REDIS_TLS_KEY: own.key };
    expect(readEnvironment({ ...env, ...pair })).toMatchObject({
      redisTlsCa: env.REDIS_TLS_CA.trim(),
      redisTlsCert: own.cert.trim(),
      redisTlsKey: own.key.trim(),
    });
  });

  it.each([
    ["a path", { REDIS_TLS_CA: "/etc/ssl/ca.pem" }, "REDIS_TLS_CA: expected one certificate or more, as PEM"],
    [
      "half a certificate",
      { REDIS_TLS_CA: cert.slice(0, 100) },
      "REDIS_TLS_CA: expected one certificate or more, as PEM",
    ],
    [
      "a damaged second one",
      { REDIS_TLS_CA: `${cert}${cert.replace("MII", "AII")}` },
      "REDIS_TLS_CA: expected one certificate",
    ],
    [
      "a certificate for a key",
      { REDIS_TLS_CERT: own.cert, REDIS_TLS_KEY: own.cert },
      "REDIS_TLS_KEY: expected a private key",
    ],
    ["a key alone", { REDIS_TLS_KEY: own.key }, "REDIS_TLS_CERT: expected it because REDIS_TLS_KEY is set"],
    ["no key", { REDIS_TLS_CERT: own.cert }, "REDIS_TLS_KEY: expected it because REDIS_TLS_CERT is set"],
    [
      "a Redis without TLS",
      { REDIS_URL: "redis://h", REDIS_TLS_CA: cert },
      "REDIS_URL: expected rediss:// because certificates are set, got redis://",
    ],
  ])("refuse %s", (_, env, said) => {
    const read = () => readEnvironment({ REDIS_URL: url, ...env });
    expect(read).toThrow(said);
    expect(read).not.toThrow("-----BEGIN PRIVATE KEY-----\nM");
  });

  it("are options of a publisher as well, held against the same rules", () => {
    const publish = (options: object) => () => createPublisher({ redisUrl: "redis://h", ...options });
    expect(publish({ redisTlsCa: "ca.pem" })).toThrow("redisTlsCa: expected one certificate or more, as PEM");
    expect(publish({ redisTlsCa: cert })).toThrow(
      "redisUrl: expected rediss:// because certificates are set",
    );
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
