/**
 * Row 32: of a Cluster of three masters, the one that has our slot is killed under load, and one of its replicas is promoted by
 * the others; then it is handed over as an operator asks for it. What was acknowledged as `replicated` is there.
 */
import { formCluster, memberArgs, takeOver, untilLinked } from "../../support/cluster.ts";
import { until } from "../../support/until.ts";
import { ledLoad } from "../harness/led-load.ts";
import { recovers } from "../harness/recovers.ts";
import type { RedisServer } from "../harness/redis-server.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const EVENTS = 3_000;

export const clusterOwnerKilled: Row = {
  number: 32,
  fault: "node of a Cluster killed that has our slot; then handed over (replicated)",
  recoveryWithinMs: 10_000,
  run: async (scene) => {
    const [owner, below, above] = [await member(scene), await member(scene), await member(scene)];
    const replicas = [await member(scene), await member(scene)];
    const redisUrl = await formCluster(owner, [below, above], replicas, "{hookwave}");
    await scene.openOn(owner, redisUrl);
    const producer = await ledLoad(scene, "slot", redisUrl, {
      events: EVENTS,
      durability: "replicated",
      refusals: ["REDIS_UNAVAILABLE", "DURABILITY_UNMET"],
    });

    await recovers(scene, "kill -9 the owner of the slot", async () => {
      await owner.kill();
      await until("a replica is promoted", async () => (await mastersOf(replicas)).length === 1, 30_000);
    });
    await owner.startAgain();
    await untilLinked(owner);
    await scene.meanwhile(500, 1_500);
    await recovers(scene, "an operator asks for a failover", async () => {
      await takeOver(owner);
    });
    await producer.finished;
    await scene.drained();
  },
};

const member = async (scene: Scene): Promise<RedisServer> =>
  await scene.startRedis("everysec", ...(await memberArgs()));

async function mastersOf(servers: readonly RedisServer[]): Promise<readonly RedisServer[]> {
  const roles = await Promise.all(
    servers.map(async (server) => String(await server.ask("INFO", "replication"))),
  );
  return servers.filter((_, index) => roles[index]?.includes("role:master"));
}
