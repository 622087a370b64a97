/** A server of a Cluster of a test's own, with an administrator's connection; both end with the test's stack. */
import { Redis } from "ioredis";
import { type ClusterMember, memberArgs } from "./cluster.ts";
import { startRedis, type TestRedis } from "./service.ts";

export interface TestMember extends ClusterMember, TestRedis {}

export async function startMember(stack: AsyncDisposableStack): Promise<TestMember> {
  const redis = stack.use(await startRedis(...(await memberArgs())));
  const admin = new Redis(redis.url, { enableReadyCheck: false });
  stack.defer(() => admin.disconnect());
  return {
    ...redis,
    port: Number(new URL(redis.url).port),
    ask: (command, ...args) => admin.call(command, ...args.map(String)),
  };
}
