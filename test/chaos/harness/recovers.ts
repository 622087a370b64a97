/** A fault, and the time until something is accepted and delivered again. */
import { until } from "../../support/until.ts";
import type { Scene } from "./scene.ts";

/** From the fault on until something is accepted and delivered that was accepted by nobody before. */
export async function recovers(scene: Scene, what: string, inject: () => Promise<void>): Promise<void> {
  const known = new Set((await scene.readAcknowledged()).map(({ id }) => id));
  const startedAt = performance.now();
  const doneAt = await scene.fault(what, "redis", inject);
  const isNewDelivered = async (): Promise<boolean> => {
    const fresh = (await scene.readAcknowledged()).filter(({ id }) => !known.has(id));
    const posts = scene.receivers.flatMap((receiver) => receiver.posts);
    const sent = new Set(posts.filter(({ at }) => at > doneAt).map(({ id }) => id));
    return fresh.some(({ id }) => sent.has(id));
  };
  await until("something new is accepted and delivered", isNewDelivered, 30_000);
  const tookMs = performance.now() - startedAt;
  scene.recoveryMs = Math.max(scene.recoveryMs ?? 0, tookMs);
  scene.say(`accepted and delivered again ${(tookMs / 1_000).toFixed(1)} s after the fault began`);
}
