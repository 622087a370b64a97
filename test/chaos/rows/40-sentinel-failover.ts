/**
 * Row 40: the master of three sentinels is killed under load, and a moment later its successor hands over as an operator asks
 * for it. Everybody finds the new one by the sentinels; what was acknowledged as `replicated` is there.
 */
import { startSentinels } from "../../support/sentinels.ts";
import { until } from "../../support/until.ts";
import { ledLoad } from "../harness/led-load.ts";
import { recovers } from "../harness/recovers.ts";
import type { RedisServer } from "../harness/redis-server.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const EVENTS = 3_000;
/** A replica that has to begin anew would wait for others that want to, 5 s: nothing is accepted as `replicated` meanwhile. */
const SERVER = ["--repl-diskless-sync-delay", "0"];

export const sentinelFailover: Row = {
  number: 40,
  fault: "master of three sentinels killed; then an orderly failover (replicated)",
  recoveryWithinMs: 10_000,
  run: async (scene) => {
    const master = await scene.open("everysec", ...SERVER);
    const replicas = [await replicaOf(scene, master), await replicaOf(scene, master)];
    const sentinels = scene.keep(await startSentinels(master.port));
    await sentinels.untilReplicas(replicas.length);
    await scene.attendTo(sentinels.url);
    const producer = await ledLoad(scene, "guarded", sentinels.url, {
      events: EVENTS,
      durability: "replicated",
      refusals: ["REDIS_UNAVAILABLE", "DURABILITY_UNMET"],
    });

    await recovers(scene, "kill -9 the master", async () => {
      await master.kill();
      await until(
        "another one is the master",
        async () => (await sentinels.masterPort()) !== master.port,
        30_000,
      );
    });
    await master.startAgain();
    await sentinels.untilReplicas(replicas.length);
    await scene.meanwhile(500, 1_500);
    await recovers(scene, "an operator asks for a failover", sentinels.failover);
    await producer.finished;
    await scene.drained();
  },
};

async function replicaOf(scene: Scene, { port }: RedisServer): Promise<RedisServer> {
  const replica = await scene.startRedis("everysec", ...SERVER, "--replicaof", "127.0.0.1", String(port));
  const isLinked = async () =>
    String(await replica.ask("INFO", "replication")).includes("master_link_status:up");
  await until("the replica is in step", isLinked);
  return replica;
}
