/** Row 20: a worker with 1,000 POSTs open is told to stop (trap 10: a forced close sent all 1,000 again). */
import { until } from "../../support/until.ts";
import type { HttpReceiver } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const OPEN = 1_000;
const ANSWER_MS = 2_000;
const GRACE_MS = 3_000;
const EXIT_WITHIN_MS = 5_000;
const SPARE_MS = 1_000;

export const toldToStop: Row = {
  number: 20,
  fault: "SIGTERM with 1,000 in flight: answers take 2 s / never come",
  run: async (scene) => {
    await scene.open();
    const receiver = await scene.receiver("one", { maxInFlight: OPEN, retrySchedule: [] });

    receiver.behave(() => ({ status: 200, afterMs: ANSWER_MS }));
    const slow = await stopWithAllOpen(scene, receiver, "slow");
    scene.check(
      "exits ≤ 5 s when answers take 2 s",
      slow.code === 0 && slow.tookMs <= EXIT_WITHIN_MS,
      slow.said,
    );
    // Only an heir could send again what had not been finished.
    const heir = await scene.worker();
    await scene.drained();
    await heir.kill("SIGTERM");
    const again = receiver.posts.length - OPEN;
    scene.check("and sends none of them twice", again === 0, again);

    const before = receiver.posts.length;
    // Nobody can know whether a receiver has taken what it never answered.
    scene.allowDuplicates(OPEN);
    receiver.behave(() => "never");
    const silent = await stopWithAllOpen(scene, receiver, "silent");
    scene.check(
      "exits ≤ its grace + 1 s when they never come",
      silent.code === 0 && silent.tookMs <= GRACE_MS + SPARE_MS,
      silent.said,
    );
    receiver.behave(() => ({ status: 200 }));
    await scene.worker();
    await until("all have come again", () => receiver.posts.length >= before + 2 * OPEN, 30_000);
    await scene.drained();
    const { dead } = await scene.hookwave.queueCounts();
    const charged = (await scene.attempts()).filter(({ attemptNumber }) => attemptNumber > 1).length;
    scene.check(
      "no attempt is charged",
      dead.depth === 0 && charged === 0,
      `${charged} second attempts, ${dead.depth} dead`,
    );
  },
};

async function stopWithAllOpen(scene: Scene, receiver: HttpReceiver, name: string) {
  const worker = await scene.worker({ shutdownGraceMs: GRACE_MS });
  const producer = await scene.producer(name, { events: OPEN, perSecond: 10_000, concurrency: OPEN });
  await producer.finished;
  await until(
    "all POSTs are open",
    () => receiver.posts.filter(({ id }) => id.startsWith(`evt_${name}_`)).length >= OPEN,
  );
  scene.say("SIGTERM");
  const toldAt = performance.now();
  const code = await worker.kill("SIGTERM");
  const tookMs = performance.now() - toldAt;
  return { code, tookMs, said: `exit ${code} after ${tookMs.toFixed(0)} ms` };
}
