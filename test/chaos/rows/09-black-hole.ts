/** Row 9: a worker whose packets to Redis vanish for 15 s; another takes its jobs over, and none is sent thrice. */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";
import { startTcpProxy } from "../harness/tcp-proxy.ts";

const HOLE_MS = 15_000;
const POSTS_ALLOWED = 2;

export const blackHole: Row = {
  number: 9,
  fault: "worker ↔ Redis black hole for 15 s (TCP proxy)",
  run: async (scene) => {
    const redis = await scene.open();
    const receiver = await scene.receiver("one", {
      maxInFlight: 50,
      plan: () => ({ status: 200, afterMs: scene.dice.between(100, 300) }),
    });
    const proxy = scene.keep(await startTcpProxy(redis.port));
    await scene.worker({}, `redis://127.0.0.1:${proxy.port}`);
    await scene.worker();
    const producer = await scene.producer("hole", { events: 3_000, perSecond: 150 });
    await until("deliveries are under way", () => receiver.posts.length > 100);
    await scene.meanwhile(0, 2_000);

    await scene.fault("a black hole opens", "redis", proxy.blackHole);
    await pause(HOLE_MS);
    proxy.restore();
    scene.say("it closes");

    await producer.finished;
    await scene.drained(90_000);
    const counts = new Map<string, number>();
    for (const { id } of receiver.posts) counts.set(id, (counts.get(id) ?? 0) + 1);
    const most = Math.max(...counts.values());
    scene.check("at most 2 POSTs per delivery", most <= POSTS_ALLOWED, most);
  },
};
