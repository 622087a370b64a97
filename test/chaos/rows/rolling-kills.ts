/**
 * The fault of rows 2 and 3: a fleet under load whose workers are killed one after the other. Some deliveries are hit
 * three times: once in their event's job, and twice in the job that they are handed on to (trap 1).
 */
import { until } from "../../support/until.ts";
import type { WorkerProcess } from "../../support/workers.ts";
import type { Scene } from "../harness/scene.ts";

const KILLS = 12;
const WORKERS = 3;
const EVENTS = 6_000;
/** Overload lowers an endpoint's concurrency limit; over ten endpoints a worker of three still has some 50 POSTs open. */
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
      plan: () => ({ status: moods.throw() < REFUSED ? 503 : 200, afterMs: moods.between(1_000, 2_000) }),
    });
  }
  // One in twenty is no outage, but of the first five after a worker's start three may be: that is a matter of chance.
  const fleet = await scene.fleet(WORKERS, { breakerFailureThreshold: 10_000 });
  const producer = await scene.producer("roll", { events: EVENTS, perSecond: 130, types });
  await until("the fleet is at work", () => openPosts(scene) >= BUSY, 30_000);

  let killsAtWork = 0;
  const kill = async (victims: readonly WorkerProcess[]): Promise<void> => {
    const open = openPosts(scene);
    if (open >= BUSY) killsAtWork += victims.length;
    await scene.fault(`kill -9 of ${victims.length}, ${open} POSTs open`, "worker", () =>
      Promise.all(victims.map((victim) => victim.kill("SIGKILL"))),
    );
  };
  const killOne = async (): Promise<void> => {
    await scene.meanwhile(500, 2_000);
    await fleet.complete();
    await until("POSTs are open", () => openPosts(scene) >= BUSY, 10_000).catch(() => false);
    await kill([dice.pick(fleet.members())]);
  };
  /** The whole fleet, while something is open again that was broken so many times. */
  const killAgain = async (times: number): Promise<void> => {
    await fleet.complete();
    await until(`something broken ${times}× is open again`, () => isOpenAgain(scene, times), 60_000);
    // A delivery comes back within a moment, and is open for longer.
    await scene.meanwhile(20, 60);
    await kill(fleet.members());
  };
  await killOne();
  await killAgain(1);
  await killAgain(2);
  await halfway();
  for (let kills = 1 + 2 * WORKERS; kills < KILLS; kills += 1) await killOne();
  await producer.finished;
  await scene.drained(180_000);
  const thrice = [...brokenPosts(scene).values()].filter((times) => times > 2).length;
  scene.check("some deliveries are hit for the third time", thrice > 0, thrice);
  scene.check("kills hit a fleet at work", killsAtWork >= KILLS / 2, `${killsAtWork} of ${KILLS}`);
}

function openPosts({ receivers }: Scene): number {
  return receivers.reduce((sum, receiver) => sum + receiver.open(), 0);
}

/** The number of times each delivery's POST was broken. */
function brokenPosts({ receivers }: Scene): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { id, brokenAt } of receivers.flatMap(({ posts }) => posts)) {
    if (brokenAt !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function isOpenAgain(scene: Scene, times: number): boolean {
  const broken = brokenPosts(scene);
  return scene.receivers.some(({ posts }) =>
    posts.some(
      ({ id, status, brokenAt }) => status === null && brokenAt === null && (broken.get(id) ?? 0) >= times,
    ),
  );
}
