/**
 * Row 8: the replica is cut off, the master dies, the replica takes over. What a publish with durability `replicated`
 * acknowledged is there; what it could not promise it refused in time (trap 7: 400 of 600 were lost without).
 */
import { until } from "../../support/until.ts";
import type { RedisServer } from "../harness/redis-server.ts";
import type { Row } from "../harness/row.ts";
import { startTcpProxy } from "../harness/tcp-proxy.ts";

const REFUSED_WITHIN_MS = 300;
const EVENTS = 1_500;

export const failover: Row = {
  number: 8,
  fault: "replica cut off, master killed, replica promoted (replicated)",
  isAlone: true,
  run: async (scene) => {
    const master = await scene.open();
    const receiver = await scene.receiver("one", { maxInFlight: 50 });
    const link = scene.keep(await startTcpProxy(master.port));
    const replica = await scene.startRedis("everysec", "--replicaof", "127.0.0.1", String(link.port));
    await until("the replica is in step", () => isLinked(replica));
    // The address that clients know as Redis; after the failover it leads to the promoted replica.
    const front = scene.keep(await startTcpProxy(master.port));
    const redisUrl = `redis://127.0.0.1:${front.port}`;
    const producer = await scene.producer("safe", {
      redisUrl,
      events: EVENTS,
      perSecond: 150,
      concurrency: 100,
      durability: "replicated",
      refusals: ["REDIS_UNAVAILABLE", "DURABILITY_UNMET"],
    });
    const acknowledged = async () => (await scene.readAcknowledged()).length;
    await until("publishing is under way", async () => (await acknowledged()) > 100);
    await scene.meanwhile(0, 1_500);

    scene.say(`cut the replica off after ${await acknowledged()} acknowledgements`);
    link.blackHole();
    await scene.meanwhile(1_000, 2_000);
    await master.kill();
    scene.say("kill -9 the master");
    await scene.meanwhile(300, 1_000);
    await replica.ask("REPLICAOF", "NO", "ONE");
    await replica.ask("CONFIG", "SET", "min-replicas-to-write", 0);
    const second = await scene.startRedis("everysec", "--replicaof", "127.0.0.1", String(replica.port));
    await until("the promoted one has a replica", () => isLinked(second));
    front.pointAt(replica.port);
    scene.say("the replica is promoted");

    const { repeated, slowestDurabilityRefusalMs } = await producer.finished;
    await scene.attendTo(replica.url);
    await scene.worker({}, replica.url);
    await until("deliveries come", () => receiver.posts.length > 0);
    scene.allowDuplicates(repeated);
    await scene.drained();
    scene.check(
      "refusals within 300 ms",
      slowestDurabilityRefusalMs > 0 && slowestDurabilityRefusalMs <= REFUSED_WITHIN_MS,
      `${repeated} refused, the slowest as DURABILITY_UNMET after ${slowestDurabilityRefusalMs.toFixed(0)} ms`,
    );
  },
};

async function isLinked(replica: RedisServer): Promise<boolean> {
  return String(await replica.ask("INFO", "replication")).includes("master_link_status:up");
}
