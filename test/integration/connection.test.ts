/** A connection that a program has already: led where it leads, and left as it is. */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { createHookwave, createPublisher } from "../../src/index.ts";
import { startEmbeddedRedis } from "../../src/process/embedded-redis.ts";
import { freshDirectory } from "../support/command.ts";
import { keptPort } from "../support/kept-port.ts";
import { startReceiver } from "../support/receiver.ts";
import { LOOPBACK, startRedis } from "../support/service.ts";
import { startTlsRedis } from "../support/tls-redis.ts";
import { until } from "../support/until.ts";

const event = { type: "thing.made", data: {} } as const;
const embed = (options: object) =>
  createHookwave({ encryptionKey: randomBytes(32), logger: false, ...LOOPBACK, ...options });

/** A program's own instance, with settings as people have them. */
const ownInstance = (url: string, options: object = {}): Redis => {
  const own = new Redis(url, { maxRetriesPerRequest: 3, connectionName: "shop", ...options });
  own.on("error", () => undefined);
  return own;
};

/** The options that can be compared, as text. */
const settingsOf = ({ options }: Redis): string => JSON.stringify(options);

async function namesOn(own: Redis): Promise<readonly string[]> {
  const list = String(await own.client("LIST"));
  return [...list.matchAll(/ name=(\S+)/g)].map(([, name = ""]) => name).sort();
}

describe("connection: an ioredis instance", () => {
  it("is led by, and neither used, changed nor closed", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    const own = ownInstance(redis.url, { db: 3 });
    const before = settingsOf(own);
    const hookwave = await embed({ connection: own });
    await hookwave.start();
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publish(event);
    await receiver.received(1);

    const names = await namesOn(own);
    expect(names.filter((name) => name === "shop")).toHaveLength(1);
    expect(names.filter((name) => name.includes("hookwave")).length).toBe(names.length - 1);
    expect(own.mode).toBe("normal");
    await hookwave.close();
    expect(await own.ping()).toBe("PONG");
    await until("only the program's own is left", async () => (await namesOn(own)).length === 1);
    expect(await own.dbsize()).toBeGreaterThan(0);
    expect(settingsOf(own)).toBe(before);
    expect(own.listenerCount("ready")).toBe(0);
    own.disconnect();
  });

  it("may be closed, lazy or of another version: where it leads is all that counts", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    const { port, hostname, password } = new URL(redis.url);
    const options = { host: hostname, port: Number(port), password, lazyConnect: true };
    const likeAnother = { options, duplicate: () => undefined, status: "end" };
    const hookwave = await embed({ connection: likeAnother });
    await hookwave.start();
    await hookwave.endpoints.add({ url: receiver.url });
    const publisher = createPublisher({ connection: new Redis({ ...options, maxRetriesPerRequest: null }) });
    await publisher.publish(event);
    await receiver.received(1);
    await publisher.close();
    await hookwave.close();
  });

  it("survives a restart of Redis beside it", async () => {
    await using directory = await freshDirectory();
    await using receiver = await startReceiver();
    const preferredPort = await keptPort();
    const start = () =>
      startEmbeddedRedis({ dataDir: directory.path, searchPath: process.env["PATH"] ?? "", preferredPort });
    const first = await start();
    const own = ownInstance(first.url);
    const hookwave = await embed({ connection: own });
    await hookwave.start();
    await hookwave.endpoints.add({ url: receiver.url });
    await first.stop();
    const second = await start();
    expect(second.url).toBe(first.url);
    await until("a publish is taken again", () =>
      hookwave.publish({ ...event, id: "evt_1" }).then(
        () => true,
        () => false,
      ),
    );
    await receiver.received(1);
    await until("the program's own is back, too", () =>
      own.ping().then(
        () => true,
        () => false,
      ),
    );
    await hookwave.close();
    own.disconnect();
    await second.stop();
  });
});

describe("connection: options", () => {
  it("bring user, password and certificates with them", async () => {
    await using receiver = await startReceiver();
    await using redis = await startTlsRedis();
    const admin = new Redis(redis.url);
    await admin.call("ACL", "SETUSER", "shop", "on", ">hush-hush", "~{shop}:*", "&{shop}:*", "+@all");
    await admin.quit();

    const connection = {
      host: "127.0.0.1",
      port: redis.port,
      username: "shop",
      password: "hush-hush",
      tls: { ca: redis.authority.cert },
      retryStrategy: () => null,
      maxRetriesPerRequest: 1,
    };
    const hookwave = await embed({ connection, prefix: "{shop}" });
    await hookwave.start();
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publish(event);
    await receiver.received(1);
    const found = await hookwave.doctor({});
    expect(JSON.stringify(found)).not.toContain("hush-hush");
    expect(JSON.stringify(found)).not.toContain("REDIS_URL is not set");
    await hookwave.close();
  });
});

describe("a connection that cannot be used", () => {
  const place = { host: "127.0.0.1", port: 1 };
  it.each([
    ["both", { connection: place, redisUrl: "redis://h:1" }, "expected it or redisUrl, got both"],
    [
      "a keyPrefix",
      { connection: { ...place, keyPrefix: "shop:" } },
      "expected a connection without keyPrefix",
    ],
    ["a replica", { connection: { ...place, role: "slave" } }, "expected a connection that writes"],
    [
      "one that only reads",
      { connection: { ...place, readOnly: true } },
      "expected a connection that writes",
    ],
    [
      "nothing that leads anywhere",
      { connection: { db: 3 } },
      "expected an ioredis instance or its options, got none of host, path and sentinels",
    ],
    ["a text", { connection: "redis://h:1" }, "expected an ioredis instance or its options, got string"],
    [
      "a cluster",
      { connection: { isCluster: true } },
      "expected an ioredis instance or its options, got a Cluster",
    ],
  ])("is refused at once, by service and publisher: %s", async (_, options, said) => {
    const refused = { code: "CONFIG_INVALID", message: expect.stringContaining(`connection: ${said}`) };
    await expect(embed(options)).rejects.toMatchObject(refused);
    expect(() => createPublisher(Object({ logger: false, ...options }))).toThrow(
      expect.objectContaining(refused),
    );
  });

  it("is so where an instance of ioredis has a keyPrefix, whose name is not shown", async () => {
    const own = new Redis({ lazyConnect: true, keyPrefix: "hush:" });
    await expect(embed({ connection: own })).rejects.toThrow(/without keyPrefix.*give the option prefix/s);
    await expect(embed({ connection: own })).rejects.not.toThrow("hush");
  });
});
