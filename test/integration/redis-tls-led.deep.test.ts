/**
 * TLS with sentinels and with a Cluster, an authority of one's own, and servers that ask for our certificate: every way that
 * our connections go is by it, and so is the way to whoever takes over.
 */
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { configFromEnv, createPublisher } from "../../src/index.ts";
import { formCluster, takeOver } from "../support/cluster.ts";
import { startMember } from "../support/cluster-member.ts";
import { LOOPBACK_VARIABLES, runCommand } from "../support/command.ts";
import { askDoctor } from "../support/doctor.ts";
import { keptPort } from "../support/kept-port.ts";
import { startReceiver } from "../support/receiver.ts";
import { startSentinels } from "../support/sentinels.ts";
import { startHookwave, startRedis, type TestRedis } from "../support/service.ts";
import { type TlsFiles, tlsReplicaArgs, writeTlsFiles } from "../support/tls-redis.ts";
import { until } from "../support/until.ts";

const event = { type: "model.registered", data: { model_id: "m" } } as const;

/** Two that publish, one that watches, one that works, and two that wait for jobs, which BullMQ has named. */
const MANY = 6;

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

interface Certified {
  readonly files: TlsFiles;
  /** Settings: the authority, and a certificate of our own. */
  readonly certificates: Readonly<Record<string, string>>;
}

async function certify(host: string): Promise<Certified> {
  const files = stack.use(await writeTlsFiles({ host, asksClients: true }));
  const { cert, key } = files.authority.issue("hookwave");
  const certificates = {
    REDIS_TLS_CA_FILE: files.caFile,
    REDIS_TLS_CERT_FILE: await files.write("own.pem", cert),
    REDIS_TLS_KEY_FILE: await files.write("own.key", key),
  };
  return { files, certificates };
}

interface Server extends TestRedis {
  /** Its port for TLS. */
  readonly port: number;
}

interface Installation extends Certified {
  readonly url: string;
  readonly master: Server;
  readonly replica: Server;
  readonly failover: () => Promise<void>;
}

/** Our connections to a server by the port that they came to. */
async function portsOfOurs({ url }: TestRedis): Promise<readonly number[]> {
  const admin = new Redis(url, { enableReadyCheck: false });
  const clients = String(await admin.client("LIST")).split("\n");
  admin.disconnect();
  const named = clients.filter((client) => / name=(?:hookwave-(?!cluster)|\{hookwave\}:)/.test(client));
  return named.map((client) => Number(/ laddr=\S+:(\d+) /.exec(client)?.[1]));
}

async function isFollowed({ certificates, url, master, replica, failover }: Installation): Promise<void> {
  const variables = {
    ...LOOPBACK_VARIABLES,
    ...certificates,
    REDIS_URL: url,
    HOOKWAVE_DATA_DIR: master.dataDir,
  };
  const settings = configFromEnv(variables);
  const { redisTlsCa = null, redisTlsCert = null, redisTlsKey = null } = settings;
  await using receiver = await startReceiver();
  await using hookwave = await startHookwave({ ...master, url }, settings);
  await hookwave.endpoints.add({ id: "default", url: receiver.url });
  const publisher = createPublisher({ redisUrl: url, redisTlsCa, redisTlsCert, redisTlsKey, logger: false });
  // A replica that is still copying would be a master without an endpoint.
  await until("the replica has all of it", () =>
    publisher.publish({ ...event, id: "evt_before" }, { durability: "replicated" }),
  );
  await until("it comes", () => receiver.ids().includes("evt_before"));
  expect(new Set(await portsOfOurs(master)), "all by TLS").toEqual(new Set([master.port]));

  await failover();
  // The old master takes what it is about to lose, until all sentinels have heard of it (trap 62).
  await until("a publish is taken and comes", async () => {
    await publisher.publish({ ...event, id: "evt_after" });
    return receiver.ids().includes("evt_after");
  });
  await until("nobody is left at the old master", async () => (await portsOfOurs(master)).length === 0);
  const there = await until("many are at the new one", async () => {
    const ports = await portsOfOurs(replica);
    return ports.length >= MANY && ports;
  });
  expect(new Set(there), "all by TLS").toEqual(new Set([replica.port]));

  const report = await askDoctor([], variables);
  expect(report.of("redis.role")).toMatchObject([{ level: "ok" }]);
  expect(await runCommand(["status", "--redis", url], variables)).toMatchObject({ code: 0, stderr: "" });
  await publisher.close();
}

/** A publish with the authority alone: what it says. */
async function refusalWithoutOwn(redisUrl: string, { authority }: TlsFiles): Promise<string> {
  const publisher = createPublisher({ redisUrl, redisTlsCa: authority.cert, logger: false });
  const error: unknown = await publisher.publish(event).catch((thrown: unknown) => thrown);
  await publisher.close();
  expect(error).toMatchObject({ code: "REDIS_UNAVAILABLE" });
  return String(error);
}

describe("rediss+sentinel://", () => {
  it("publishes, delivers and follows a failover, with nothing in plain text", async () => {
    const certified = await certify("127.0.0.1");
    const { files } = certified;
    const start = async (...args: readonly string[]) => {
      const port = await keptPort();
      return { ...stack.use(await startRedis(...tlsReplicaArgs(port, files), ...args)), port };
    };
    const master = await start("--appendonly", "yes", "--repl-diskless-sync-delay", "0");
    const replica = await start("--replicaof", "127.0.0.1", `${master.port}`);
    const sentinels = stack.use(await startSentinels(master.port, { tls: files }));
    await sentinels.untilReplicas(1);
    expect(await refusalWithoutOwn(sentinels.url, files)).toContain("REDIS_TLS_CERT_FILE");
    await isFollowed({ ...certified, url: sentinels.url, master, replica, failover: sentinels.failover });
  });
});

describe("rediss+cluster://", () => {
  it("publishes, delivers and follows a handover among members with names, with nothing in plain text", async () => {
    const certified = await certify("localhost");
    const { files } = certified;
    const start = () => startMember(stack, files);
    const [owner, below, above, replica] = [await start(), await start(), await start(), await start()];
    const plain = await formCluster(owner, [below, above], [replica], "{hookwave}");
    const url = plain.replace("redis+", "rediss+").replaceAll("127.0.0.1", "localhost");
    expect(await refusalWithoutOwn(url, files)).toContain("REDIS_TLS_CERT_FILE");
    await isFollowed({ ...certified, url, master: owner, replica, failover: () => takeOver(replica) });
  });
});
