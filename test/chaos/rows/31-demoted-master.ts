/**
 * Row 31: the master hands over to its replica and goes on as a replica; its address leads to the new one a moment later, and
 * old connections stay open. Whoever has one has to leave it by itself (trap 40).
 */
import { until } from "../../support/until.ts";
import { ledLoad } from "../harness/led-load.ts";
import { acceptsAgain } from "../harness/recovers.ts";
import type { RedisServer } from "../harness/redis-server.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";
import { startTcpProxy } from "../harness/tcp-proxy.ts";

export const demotedMaster: Row = {
  number: 31,
  fault: "master demoted, replica promoted, old connections stay open",
  recoveryWithinMs: 5_000,
  run: async (scene) => {
    const master = await scene.open();
    const replica = await scene.startRedis("everysec", "--replicaof", "127.0.0.1", String(master.port));
    await until("the replica is in step", () => says(replica, "master_link_status:up"));
    const front = scene.keep(await startTcpProxy(master.port));
    const redisUrl = `redis://127.0.0.1:${front.port}`;
    await scene.attendTo(redisUrl);
    const producer = await ledLoad(scene, "demoted", redisUrl, { events: 2_000 });

    const isAccepting = await acceptsAgain(scene);
    // It waits until the replica has everything: what was acknowledged is not at stake, only who is asked.
    await scene.fault("the master hands over", "redis", () => handOver(scene, master, replica));
    await scene.meanwhile(0, 1_000);
    await scene.fault("its address leads to the new one", "redis", () => front.leadTo(replica.port));
    const movedAt = performance.now();

    await until("something new is accepted and delivered", () => isAccepting(movedAt), 20_000);
    scene.recoveryMs = performance.now() - movedAt;
    await producer.finished;
    await scene.drained();
    await until("nobody is connected to the old one any more", () => front.leftBehind() === 0);
  },
};

async function handOver(scene: Scene, master: RedisServer, replica: RedisServer): Promise<void> {
  await master.ask("FAILOVER", "TO", "127.0.0.1", replica.port, "TIMEOUT", 10_000);
  await until("the replica is the master", () => says(replica, "role:master"));
  await until("the old master is a replica", () => says(master, "master_link_status:up"));
  const said = await master.ask("SET", "probe", "1").catch((error: Error) => error.message);
  scene.check("the old one says READONLY", String(said).startsWith("READONLY"), String(said).slice(0, 40));
}

async function says(server: RedisServer, line: string): Promise<boolean> {
  return String(await server.ask("INFO", "replication")).includes(line);
}
