/** What rows 2 and 3 share: a fleet under load whose workers are killed one after the other. */
import { until } from "../../support/until.ts";
import type { Scene } from "../harness/scene.ts";

const KILLS = 12;
const EVENTS = 6_000;
/** Overload makes a lane narrower; over ten endpoints a worker of three still has some 50 POSTs open. */
const ENDPOINTS = 10;
const REFUSED = 0.05;
/** So many POSTs are open in a fleet at work: 50 for each worker. */
const BUSY = 150;

/** `halfway` is called between two kills, with the fleet whole. */
export async function rollingKills(scene: Scene, halfway: () => Promise<void>): Promise<void> {
  const { dice, moods } = scene;
  const types = Array.from({ length: ENDPOINTS }, (_, n) => `thing.t${n}`);
  for (const [n, type] of types.entries()) {
    await scene.receiver(`r${n}`, {
      events: [type],
      maxInFlight: 50,
      plan: () => ({ status: moods.throw() < REFUSED ? 503 : 200, afterMs: moods.between(800, 1_600) }),
    });
  }
  const fleet = await scene.fleet(3);
  const producer = await scene.producer("roll", { events: EVENTS, perSecond: 130, types });
  await until("the fleet is at work", () => openPosts(scene) >= BUSY, 30_000);

  let killsAtWork = 0;
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await scene.meanwhile(500, 2_000);
    await fleet.complete();
    const atWork = await until("POSTs are open", () => openPosts(scene) >= BUSY, 10_000).catch(() => false);
    if (atWork) killsAtWork += 1;
    const victim = dice.pick(fleet.members());
    await scene.fault(`kill -9 number ${kill}, ${openPosts(scene)} POSTs open`, "worker", () =>
      victim.kill("SIGKILL"),
    );
    if (kill === KILLS / 2) await halfway();
  }
  await producer.finished;
  await scene.drained(180_000);
  scene.check("kills hit a fleet at work", killsAtWork >= KILLS / 2, `${killsAtWork} of ${KILLS}`);
}

function openPosts({ receivers }: Scene): number {
  return receivers.reduce((sum, receiver) => sum + receiver.open(), 0);
}
