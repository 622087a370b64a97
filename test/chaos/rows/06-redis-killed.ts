/** Row 6: what was acknowledged before a Redis with AOF always was killed is there afterwards (trap 7). */
import { until } from "../../support/until.ts";
import type { Producer } from "../harness/producers.ts";
import type { Row } from "../harness/row.ts";

const PRODUCERS = 5;
/** Publishes open at a time in each: 50 in all. */
const CONCURRENCY = 10;

export const redisKilled: Row = {
  number: 6,
  fault: "Redis kill -9, AOF always, 50 concurrent producers",
  run: async (scene) => {
    const redis = await scene.open("always");
    await scene.receiver("one", { maxInFlight: 100 });
    const producers: Producer[] = [];
    for (let n = 0; n < PRODUCERS; n += 1) {
      const plan = { events: 1_000, perSecond: 10_000, concurrency: CONCURRENCY };
      producers.push(await scene.producer(`p${n}`, plan));
    }
    const acknowledged = async (): Promise<number> => (await scene.readAcknowledged()).length;
    await until("publishing is under way", async () => (await acknowledged()) > 200);
    await scene.meanwhile(0, 300);

    await scene.fault(`kill -9 Redis after ${await acknowledged()} acknowledgements`, "redis", redis.kill);
    await redis.startAgain();

    const reports = await Promise.all(producers.map(({ finished }) => finished));
    const repeated = reports.reduce((sum, report) => sum + report.repeated, 0);
    scene.check("the kill hit producers at work", repeated > 0, `${repeated} publishes refused and repeated`);
    await scene.worker();
    await scene.drained();
  },
};
