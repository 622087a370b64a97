/** Row 10: a Redis that does not answer for 5 s; producers are refused in time, and nothing is sent twice (trap 8). */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

const FROZEN_MS = 5_000;
const REFUSED_WITHIN_MS = 1_100;

export const redisFrozen: Row = {
  number: 10,
  fault: "Redis frozen 5 s (SIGSTOP)",
  run: async (scene) => {
    const redis = await scene.open();
    const receiver = await scene.receiver("one", {
      maxInFlight: 50,
      plan: () => ({ status: 200, afterMs: scene.moods.between(20, 200) }),
    });
    await scene.fleet(2);
    const producer = await scene.producer("cold", { events: 1_500, perSecond: 150 });
    await until("deliveries are under way", () => receiver.posts.length > 50);
    await scene.meanwhile(0, 1_500);

    // No allowance for what is in flight: workers wait, and the ids that are published again are known.
    scene.say("freeze Redis");
    redis.freeze();
    await pause(FROZEN_MS);
    redis.thaw();

    const { slowestRefusalMs, repeated } = await producer.finished;
    await scene.drained();
    scene.check(
      "publish refuses within 1.1 s",
      repeated > 0 && slowestRefusalMs <= REFUSED_WITHIN_MS,
      `${repeated} refused, the slowest after ${slowestRefusalMs.toFixed(0)} ms`,
    );
  },
};
