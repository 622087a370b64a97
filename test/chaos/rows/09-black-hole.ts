/**
 * Row 9: a worker whose packets to Redis vanish for 15 s; another takes its jobs over, and none is sent thrice. What it
 * had open to Redis stays dead and never says so; it has to find that out by itself.
 */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../support/until.ts";
import { mostPosts } from "../harness/ledger.ts";
import type { Row } from "../harness/row.ts";
import { startTcpProxy } from "../harness/tcp-proxy.ts";

const HOLE_MS = 15_000;
const POSTS_ALLOWED = 2;
const BACK_WITHIN_MS = 15_000;

export const blackHole: Row = {
  number: 9,
  fault: "worker ↔ Redis black hole for 15 s (TCP proxy)",
  run: async (scene) => {
    const redis = await scene.open();
    const receiver = await scene.receiver("one", {
      maxInFlight: 50,
      plan: () => ({ status: 200, afterMs: scene.moods.between(100, 300) }),
    });
    const proxy = scene.keep(await startTcpProxy(redis.port));
    await scene.worker({}, `redis://127.0.0.1:${proxy.port}`);
    const other = await scene.worker();
    const producer = await scene.producer("hole", { events: 4_500, perSecond: 150 });
    await until("deliveries are under way", () => receiver.posts.length > 100);
    await scene.meanwhile(0, 2_000);

    await scene.fault("a black hole opens", "redis", proxy.blackHole);
    await pause(HOLE_MS);
    proxy.forget();
    scene.say("it closes");

    await other.kill("SIGTERM");
    const alone = performance.now();
    const isBack = (): boolean => receiver.posts.some(({ at }) => at > alone);
    const back = await until("it delivers", isBack, BACK_WITHIN_MS).catch(() => false);
    const found = back ? "it does" : `nothing for ${BACK_WITHIN_MS} ms`;
    scene.check("the worker that was cut off delivers again", back, found);
    // Without it, nobody would deliver what the ledger asks for.
    if (!back) await scene.worker();
    await producer.finished;
    await scene.drained(90_000);
    const most = mostPosts(receiver.posts);
    scene.check("at most 2 POSTs per delivery", most <= POSTS_ALLOWED, most);
  },
};
