/** The encryption key of a fleet: one for all its processes, asked for and never made up in silence. */
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { createHookwave } from "../../src/index.ts";
import { createKeys } from "../../src/store/keys.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";

const url = "http://127.0.0.1:3000/";
const MISMATCH = {
  code: "ENCRYPTION_KEY_MISMATCH",
  message: expect.stringContaining("the same HOOKWAVE_ENCRYPTION_KEY"),
};

const api = (redis: TestRedis, encryptionKey: Buffer, encryptionKeyPrevious: Buffer | null = null) =>
  startHookwave(redis, { role: "api", encryptionKey, encryptionKeyPrevious });

describe("createHookwave without an encryption key", () => {
  it.each([[{}], [{ encryptionKey: null }], [{ encryptionKey: undefined, dataDir: undefined }]])(
    "is refused, since each process would make one of its own: %j",
    async (options) => {
      const created = createHookwave({ redisUrl: "redis://127.0.0.1:1", ...Object(options) });
      await expect(created).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(
          /encryptionKey: expected a Buffer of 32 bytes.*dataDir.*openssl rand -base64 32/,
        ),
      });
    },
  );

  it("keeps one in the dataDir that it is given", async () => {
    await using redis = await startRedis();
    const options = {
      redisUrl: redis.url,
      dataDir: redis.dataDir,
      allowHttp: true,
      allowPrivateNetworks: ["127.0.0.0/8"],
    };
    for (let round = 0; round < 2; round += 1) {
      const hookwave = await createHookwave(options);
      await hookwave.start();
      expect(await hookwave.endpoints.list()).toHaveLength(round);
      await hookwave.endpoints.add({ url });
      await hookwave.close();
    }
  });
});

describe("an endpoint that would be sealed with another key than those that are there", () => {
  it("is refused, whether it is added, created or ensured, and nothing is stored", async () => {
    await using redis = await startRedis();
    await using one = await api(redis, randomBytes(32));
    await using other = await api(redis, randomBytes(32));
    await one.endpoints.add({ url });
    await expect(other.endpoints.add({ url })).rejects.toMatchObject(MISMATCH);
    await expect(other.endpoints.create({ url })).rejects.toMatchObject(MISMATCH);
    await expect(other.endpoints.ensure({ id: "sure", url })).rejects.toMatchObject(MISMATCH);
    expect(await one.endpoints.list()).toHaveLength(1);
  });

  it("is told at the next start as well", async () => {
    await using redis = await startRedis();
    await using one = await api(redis, randomBytes(32));
    await one.endpoints.add({ url });
    await expect(api(redis, randomBytes(32))).rejects.toMatchObject({ code: "SECRET_UNREADABLE" });
  });

  it("is taken once there is none that the other key has sealed", async () => {
    await using redis = await startRedis();
    await using one = await api(redis, randomBytes(32));
    await using other = await api(redis, randomBytes(32));
    const { id } = await one.endpoints.add({ url });
    await one.endpoints.remove(id);
    await other.endpoints.add({ url });
    await expect(one.endpoints.add({ url })).rejects.toMatchObject(MISMATCH);
  });

  it("is taken in every round of a change of keys, and refused when it is over", async () => {
    await using redis = await startRedis();
    const [before, after] = [randomBytes(32), randomBytes(32)];
    await using first = await api(redis, before);
    await first.endpoints.add({ url });
    await using second = await api(redis, before, after);
    await second.endpoints.add({ url });
    await using third = await api(redis, after, before);
    await third.endpoints.add({ url });
    await second.endpoints.add({ url });
    await using last = await api(redis, after, before);
    expect(await last.endpoints.list()).toHaveLength(4);
    await expect(first.endpoints.add({ url })).rejects.toMatchObject(MISMATCH);
  });

  it("is known of endpoints that an older version has stored, once one of this version has read them", async () => {
    await using redis = await startRedis();
    const key = randomBytes(32);
    await using one = await api(redis, key);
    await one.endpoints.add({ url });
    const admin = new Redis(redis.url);
    await admin.del(createKeys("{hookwave}").endpointsKey);
    await using same = await api(redis, key);
    expect(await admin.exists(createKeys("{hookwave}").endpointsKey)).toBe(1);
    expect(await same.endpoints.list()).toHaveLength(1);
    await admin.quit();
  });
});
