/** Row 5: Redis is away for 20 s; soon after, deliveries go on by themselves (trap 9). */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

const DOWN_MS = 20_000;

export const redisDown: Row = {
  number: 5,
  fault: "Redis down 20 s, back",
  recoveryWithinMs: 5_000,
  run: async (scene) => {
    const redis = await scene.open();
    const receiver = await scene.receiver("one", {
      maxInFlight: 50,
      plan: () => ({ status: 200, afterMs: scene.moods.between(50, 150) }),
    });
    await scene.fleet(2);
    const producer = await scene.producer("down", { events: 1_000, perSecond: 200 });
    await until("deliveries are under way", () => receiver.posts.length > 50);
    await scene.meanwhile(0, 1_500);

    await scene.fault("stop Redis", "redis", redis.stop);
    await pause(DOWN_MS);
    const downUntil = performance.now();
    await redis.startAgain();
    const backAt = performance.now();
    scene.say("Redis is back");

    const first = await until(
      "a delivery comes",
      () => receiver.posts.find(({ at }) => at > downUntil),
      30_000,
    );
    scene.recoveryMs = Math.max(0, first.at - backAt);
    await producer.finished;
    await scene.drained();
  },
};
