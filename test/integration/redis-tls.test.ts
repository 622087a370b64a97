/** Redis behind TLS with an authority of one's own: who is let in, and what is said where nobody is. */
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { configFromEnv, createPublisher } from "../../src/index.ts";
import { createAuthority } from "../support/certificates.ts";
import { LOOPBACK_VARIABLES, runCommand } from "../support/command.ts";
import { askDoctor } from "../support/doctor.ts";
import { startReceiver } from "../support/receiver.ts";
import { failuresOf, startHookwave } from "../support/service.ts";
import { startTlsRedis, type TlsRedis } from "../support/tls-redis.ts";
import { until } from "../support/until.ts";

const event = { type: "model.registered", data: { model_id: "m" } } as const;

const variablesOf = ({ tlsUrl, caFile, dataDir }: TlsRedis, more: Readonly<Record<string, string>> = {}) => ({
  ...LOOPBACK_VARIABLES,
  REDIS_URL: tlsUrl,
  REDIS_TLS_CA_FILE: caFile,
  HOOKWAVE_DATA_DIR: dataDir,
  ...more,
});

/** Publishes once; the error's own text, or null. */
async function refusal(options: object): Promise<string | null> {
  const publisher = createPublisher({ logger: false, ...options });
  try {
    await publisher.publish(event);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: "REDIS_UNAVAILABLE" });
    return String(error);
  } finally {
    await publisher.close();
  }
}

describe("rediss:// with REDIS_TLS_CA_FILE", () => {
  it("publishes and delivers with nothing in plain text, blocking connections and the bus' as well", async () => {
    await using redis = await startTlsRedis();
    await using receiver = await startReceiver();
    const bus = { ENABLE_REDIS_FALLBACK: "true", REDIS_FALLBACK_MODE: "dual", LEGACY_REDIS_LIST: "bus" };
    const settings = configFromEnv(variablesOf(redis, bus));
    await using hookwave = await startHookwave({ ...redis, url: redis.tlsUrl }, settings);
    await hookwave.endpoints.add({ id: "default", url: receiver.url });
    await hookwave.publish(event);
    await hookwave.publish(event, { durability: "replicated" }).catch(() => undefined);
    await receiver.received(1);

    const admin = new Redis(redis.url);
    await until("the bus has the event, too", async () => (await admin.llen("bus")) > 0);
    const clients = String(await admin.client("LIST"))
      .trim()
      .split("\n");
    const plain = clients.filter((client) => !client.includes(` laddr=127.0.0.1:${redis.port} `));
    expect(plain, "the test's own alone").toHaveLength(1);
    expect(clients.filter((client) => client.includes("cmd=bzpopmin"))).toHaveLength(2);
    expect(clients.some((client) => client.includes("name=hookwave-bus"))).toBe(true);
    // A busy machine's first connection to the bus comes after the 100 ms that an event waits for it, and then the event does.
    expect(failuresOf(hookwave).filter((one) => !("doing" in one && one.doing === "write_bus"))).toEqual([]);
    admin.disconnect();
  });

  it("lets commands and the doctor in", async () => {
    await using redis = await startTlsRedis();
    const variables = variablesOf(redis);
    const { of } = await askDoctor([], variables);
    expect(of("redis.connection")).toEqual([]);
    expect(of("redis.version")).toMatchObject([{ level: "ok" }]);
    const words = ["publish", event.type, JSON.stringify(event.data), "--redis", redis.tlsUrl];
    expect(await runCommand(words, variables)).toMatchObject({ code: 0 });
  });

  it("shows our own certificate to a Redis that asks for one", async () => {
    await using redis = await startTlsRedis({ asksClients: true });
    const own = redis.authority.issue("hookwave");
    const variables = variablesOf(redis, {
      REDIS_TLS_CERT_FILE: await redis.write("own.pem", own.cert),
      REDIS_TLS_KEY_FILE: await redis.write("own.key", own.key),
    });
    const { redisUrl, redisTlsCa, redisTlsCert, redisTlsKey } = configFromEnv(variables);
    expect(await refusal({ redisUrl, redisTlsCa, redisTlsCert, redisTlsKey })).toBeNull();
    expect(await refusal({ redisUrl, redisTlsCa })).toContain("REDIS_TLS_CERT_FILE");
  });
});

describe("a Redis whose certificate does not do", () => {
  it("is refused without its authority, and with another: the message says which file is missing", async () => {
    await using redis = await startTlsRedis();
    for (const redisTlsCa of [null, createAuthority("Another").cert]) {
      const said = await refusal({ redisUrl: redis.tlsUrl, redisTlsCa });
      expect(said).toMatch(
        /expected a certificate of Redis from an authority that is trusted here, got \w+:/,
      );
      expect(said).toContain("REDIS_TLS_CA_FILE");
    }
    const { of } = await askDoctor([], { REDIS_URL: redis.tlsUrl, HOOKWAVE_DATA_DIR: redis.dataDir });
    const [found] = of("redis.connection");
    expect(found?.level).toBe("broken");
    expect(JSON.stringify(found)).toContain("REDIS_TLS_CA_FILE");
    const told = await runCommand(["status", "--redis", redis.tlsUrl]);
    expect(told.stderr).toContain("REDIS_TLS_CA_FILE");
  });

  it("is refused under another name than it is called by", async () => {
    await using redis = await startTlsRedis({ host: "redis.internal" });
    const said = await refusal({ redisUrl: redis.tlsUrl, redisTlsCa: redis.authority.cert });
    expect(said).toMatch(/expected a certificate of Redis for the name that is called, got .*127\.0\.0\.1/);
  });

  it("is refused where it speaks no TLS at all", async () => {
    await using redis = await startTlsRedis();
    const said = await refusal({ redisUrl: redis.url.replace("redis:", "rediss:") });
    expect(said).toContain("expected a TLS handshake with Redis");
  });
});
