/** A server of a Cluster of a test's own, with an administrator's connection; both end with the test's stack. */
import { Redis } from "ioredis";
import { type ClusterMember, memberArgs } from "./cluster.ts";
import { keptPort } from "./kept-port.ts";
import { startRedis, type TestRedis } from "./service.ts";
import { type TlsFiles, tlsReplicaArgs } from "./tls-redis.ts";

export interface TestMember extends ClusterMember, TestRedis {}

/** `tls`: the Cluster's own connections are by it, and `port` is its; the administrator's is plain. It is called by its name. */
export async function startMember(stack: AsyncDisposableStack, tls?: TlsFiles): Promise<TestMember> {
  const tlsPort = await keptPort();
  const behindTls = tls === undefined ? [] : [...tlsReplicaArgs(tlsPort, tls), ...calledBy(tls.host)];
  const redis = stack.use(await startRedis(...(await memberArgs()), ...behindTls));
  const admin = new Redis(redis.url, { enableReadyCheck: false });
  // A test may end the server before.
  admin.on("error", () => undefined);
  stack.defer(() => admin.disconnect());
  return {
    ...redis,
    port: tls === undefined ? Number(new URL(redis.url).port) : tlsPort,
    ask: (command, ...args) => admin.call(command, ...args.map(String)),
  };
}

const calledBy = (host: string): readonly string[] => [
  ...["--tls-cluster", "yes", "--cluster-announce-hostname", host],
  ...["--cluster-preferred-endpoint-type", "hostname"],
];
