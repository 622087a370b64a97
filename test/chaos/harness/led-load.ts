/** Load on a Redis that is found by what leads to it: an address that moves, sentinels, a Cluster. */
import { until } from "../../support/until.ts";
import type { Producer, ProducerPlan } from "./producers.ts";
import type { Scene } from "./scene.ts";

/** A receiver, two workers and a producer; resolves at some moment after deliveries are under way. */
export async function ledLoad(
  scene: Scene,
  name: string,
  redisUrl: string,
  plan: Pick<ProducerPlan, "events"> & Partial<ProducerPlan>,
): Promise<Producer> {
  const receiver = await scene.receiver("one", {
    maxInFlight: 50,
    plan: () => ({ status: 200, afterMs: scene.moods.between(50, 200) }),
  });
  await scene.fleet(2, {}, redisUrl);
  const producer = await scene.producer(name, { redisUrl, perSecond: 150, ...plan });
  await until("deliveries are under way", () => receiver.posts.length > 100);
  await scene.meanwhile(0, 1_500);
  return producer;
}
