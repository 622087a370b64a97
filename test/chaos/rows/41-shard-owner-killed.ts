/**
 * Row 41: of a Cluster of three masters, each with a shard, one is killed under load, and its replica is promoted by the others.
 * The events of the other shards go on meanwhile; what was acknowledged as `replicated` is there, of all of them.
 */
import { asEventId } from "../../../src/core/brand.ts";
import { shardNumber } from "../../../src/store/shard-places.ts";
import { memberArgs, spreadCluster } from "../../support/cluster.ts";
import { until } from "../../support/until.ts";
import { ledLoad } from "../harness/led-load.ts";
import { latencyOf } from "../harness/producers.ts";
import type { RedisServer } from "../harness/redis-server.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const EVENTS = 3_000;
const SHARDS = 3;
/** Home is with the first of the three, so that this one is nothing but a shard. */
const KILLED = 1;
const KEYS = ["{hookwave:0}", "{hookwave:1}", "{hookwave:2}"];

export const shardOwnerKilled: Row = {
  number: 41,
  fault: "master of one of three shards killed, its replica promoted; the other shards go on (replicated)",
  recoveryWithinMs: 15_000,
  run: async (scene) => {
    const masters = [await member(scene), await member(scene), await member(scene)] as const;
    const replicas = [await member(scene), await member(scene), await member(scene)] as const;
    const [home, killed] = masters;
    const redisUrl = await spreadCluster(
      masters,
      KEYS,
      masters.flatMap((master, nth) => ({ master, replica: replicas[nth] ?? home })),
    );
    scene.shards = SHARDS;
    await scene.openOn(home, redisUrl);
    const producer = await ledLoad(scene, "shards", redisUrl, {
      events: EVENTS,
      durability: "replicated",
      refusals: ["REDIS_UNAVAILABLE", "DURABILITY_UNMET"],
    });

    const killedAt = performance.now();
    await scene.fault("kill -9 the master of a shard", "redis", async () => {
      await killed.kill();
      await until("its replica is promoted", async () => await isMaster(replicas[KILLED]), 30_000);
    });
    const promotedAt = performance.now();
    const meanwhile = othersBetween(scene, killedAt, promotedAt);
    scene.check("events of the other shards come while one is away", meanwhile > 20, meanwhile);
    await until("new events of that shard come", () => comesAgain(scene, promotedAt), 30_000);
    scene.recoveryMs = performance.now() - killedAt;
    await killed.startAgain();
    await producer.finished;
    await scene.drained();
  },
};

const member = async (scene: Scene): Promise<RedisServer> =>
  await scene.startRedis("everysec", ...(await memberArgs()));

const isMaster = async (server: RedisServer): Promise<boolean> =>
  String(await server.ask("INFO", "replication")).includes("role:master");

const shardOf = (id: string): number => shardNumber(asEventId(id), SHARDS);

const othersBetween = ({ receivers }: Scene, from: number, to: number): number =>
  receivers
    .flatMap(({ posts }) => posts)
    .filter(({ at, id }) => at >= from && at < to && shardOf(id) !== KILLED).length;

/** An event that was published since then, for the first time. */
const comesAgain = ({ receivers }: Scene, since: number): boolean =>
  receivers
    .flatMap(({ posts }) => posts)
    .some((post) => shardOf(post.id) === KILLED && post.at - latencyOf(post) >= since);
