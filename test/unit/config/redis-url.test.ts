/** Addresses of a Redis: read as they are meant, or refused; never localhost by default. */
import { describe, expect, it } from "vitest";
import { createPublisher } from "../../../src/app/publishing.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { readRedisUrl, shownRedisUrl } from "../../../src/core/redis-url.ts";
import { placeAt } from "../../../src/store/redis-place.ts";
import { createAuthority } from "../../support/certificates.ts";

describe.each(["REDIS_URL", "LEGACY_REDIS_URL"])("%s", (variable) => {
  it.each([
    "redis://h",
    "redis://h:6380/15",
    "rediss://user:p%40s%2Fs@h:6380",
    "redis://:pw@[::1]:6379/0",
    "redis://10.0.0.1/",
    "redis://h:6379/0?family=6",
    "redis+sentinel://h:26379/mymaster",
    "redis+cluster://h:7000",
    "rediss+cluster://user:p%40@h1:7000,[::1]:7001/0",
    "redis+sentinel://user:p%40s@h1:26379,h2:26379,[::1]:26380/my-master.1/15",
    "rediss+sentinel://h1:1,h2:2/m/0?sentinelUsername=u&sentinelPassword=p%26",
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
    "redis://h?sentinelPassword=hush-hush",
    "redis+sentinel://",
    "redis+sentinel:///mymaster",
    "redis+sentinel://h:1",
    "redis+sentinel://h:1/",
    "redis+sentinel://h:1/0",
    "redis+sentinel://h:1//0",
    "redis+sentinel://h:1/mymaster/one",
    "redis+sentinel://h:1/mymaster/0/1",
    "redis+sentinel://h:1/my%20master/0",
    "redis+sentinel://h1,h2:1/mymaster",
    "redis+sentinel://h1:1,/mymaster",
    "redis+sentinel://,h1:1/mymaster",
    "redis+sentinel://h1:1,:2/mymaster",
    "redis+sentinel://h1:0/mymaster",
    "redis+sentinel://h1:65536/mymaster",
    "redis+sentinel://h1:1,u:hush-hush@h2:2/mymaster?password=x#",
    "redis+sentinel://h1:1/mymaster?name=other",
    "redis-sentinel://h1:1/mymaster",
    "sentinel://h1:1/mymaster",
    "redis+sentinels://h1:1/mymaster",
    "redis+cluster://h1:7000,h2",
    "redis+cluster://",
    "redis+cluster:///0",
    "redis+cluster://h1:7000/1",
    "redis+cluster://h1:7000/mymaster",
    "redis+cluster://h1:7000?sentinelPassword=hush-hush",
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

describe("a URL of sentinels", () => {
  const url =
    "rediss+sentinel://user:pass%40@h1:26379,[::1]:26380/mymaster/2?sentinelUsername=g&sentinelPassword=hush";

  it("is read whole, and shown without anybody's password", () => {
    expect(readRedisUrl(url)).toEqual({
      kind: "sentinel",
      isEncrypted: true,
      nodes: [
        { host: "h1", port: 26379 },
        { host: "::1", port: 26380 },
      ],
      master: "mymaster",
      db: 2,
      login: { user: "user", password: "pass@" },
      sentinelLogin: { user: "g", password: "hush" },
      family: null,
    });
    expect(shownRedisUrl(url)).toBe("rediss+sentinel://h1:26379,[::1]:26380/mymaster/2");
  });

  it("leads each connection to the sentinels, none of them in plain text", () => {
    const certificates = { redisTlsCa: "CA", redisTlsCert: null, redisTlsKey: null, prefix: "{hookwave}" };
    expect(placeAt(url, certificates)).toMatchObject({
      name: "mymaster",
      db: 2,
      username: "user",
      password: "pass@",
      sentinelUsername: "g",
      sentinelPassword: "hush",
      tls: { ca: "CA" },
      sentinelTLS: { ca: "CA" },
      enableTLSForSentinelMode: true,
    });
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
