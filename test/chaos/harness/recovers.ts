/** A fault, and the time until something is accepted and delivered again. */
import { until } from "../../support/until.ts";
import type { Scene } from "./scene.ts";

/** From the fault on until something is accepted and delivered that was accepted by nobody before. */
export async function recovers(scene: Scene, what: string, inject: () => Promise<void>): Promise<void> {
  const isAccepting = await acceptsAgain(scene);
  const startedAt = performance.now();
  const doneAt = await scene.fault(what, "redis", inject);
  await until("something new is accepted and delivered", () => isAccepting(doneAt), 30_000);
  const tookMs = performance.now() - startedAt;
  scene.recoveryMs = Math.max(scene.recoveryMs ?? 0, tookMs);
  scene.say(`accepted and delivered again ${(tookMs / 1_000).toFixed(1)} s after the fault began`);
}

/** Asks whether something has been delivered since a time that nobody had accepted when this was called. */
export async function acceptsAgain(scene: Scene): Promise<(sinceMs: number) => Promise<boolean>> {
  const known = new Set((await scene.readAcknowledged()).map(({ id }) => id));
  return async (sinceMs) => {
    const fresh = (await scene.readAcknowledged()).filter(({ id }) => !known.has(id));
    const posts = scene.receivers.flatMap((receiver) => receiver.posts);
    const sent = new Set(posts.filter(({ at }) => at > sinceMs).map(({ id }) => id));
    return fresh.some(({ id }) => sent.has(id));
  };
}
