/**
 * kill -9 at any line: a worker dies before the first write that it makes for a few events, the next one before its
 * second, and so on until one comes to the end of the work. Each time another takes over what it left.
 */
import { fileURLToPath } from "node:url";
import { summaries } from "../../support/letters.ts";
import type { Post } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import { runRow } from "../harness/run-row.ts";
import type { Scene } from "../harness/scene.ts";
import { promisesOf } from "../harness/table.ts";

const CRASH_AT = fileURLToPath(new URL("../harness/crash-at.ts", import.meta.url));
const AT_ONCE = 4;
/** In turn, and then the first one again. */
const TYPES = ["thing.changed", "thing.made", "thing.lost"];
const EVENTS = TYPES.length + 1;
const OPTIONS = { breakerFailureThreshold: 10_000 };

/** `step`: 1 for every write, more for some of them, beginning anywhere. */
export const killedAtEachWrite = (step: number): Row => ({
  number: 27,
  fault: "kill -9 before each write of a worker in turn",
  isAlone: true,
  run: async (scene) => {
    let write = scene.dice.between(1, step);
    let isOver = false;
    const worker = async (): Promise<void> => {
      while (!isOver) {
        const told = { survived: false };
        const options = { seed: write, defect: scene.defects[0] ?? null };
        write += step;
        const report = await runRow(killedBefore(options.seed, told), options);
        isOver ||= told.survived || report.failure !== null;
        if (!told.survived) scene.plays.push(report);
        if (!report.kept) scene.say([report.fault, ...promisesOf(report)].join("\n"));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const kept = scene.plays.filter((play) => play.kept).length;
    scene.check(
      "wherever it dies, another finishes its work",
      scene.plays.length > 0 && kept === scene.plays.length,
      `${scene.plays.length} kills, ${kept} kept`,
    );
  },
});

const killedBefore = (write: number, told: { survived: boolean }): Row => ({
  number: 27,
  fault: `kill -9 before write ${write}`,
  defect: "short-locks",
  buries: ["exhausted"],
  run: async (scene) => {
    await scene.open();
    await openReceivers(scene);
    const crash = { NODE_OPTIONS: `--import=${CRASH_AT}`, CRASH_AT_WRITE: String(write) };
    const doomed = await scene.worker(OPTIONS, scene.redis.url, crash);
    process.kill(doomed.pid, "SIGUSR2");
    const producer = await scene.producer("each", { events: EVENTS, perSecond: 1_000, types: TYPES });
    await producer.finished;
    await Promise.race([doomed.ended, scene.drained()]);
    told.survived = doomed.isRunning();
    if (!told.survived) {
      scene.allowDuplicates(await countUnrecorded(scene));
      await scene.worker(OPTIONS);
      await scene.drained();
    }
    const reasons = (await summaries(scene.hookwave)).map(({ because }) => because).join();
    scene.check("the one dead letter is what was never taken", reasons === "exhausted", reasons);
  },
});

/** POSTs that no attempt on record tells of: they were in flight, or about to be recorded. */
async function countUnrecorded(scene: Scene): Promise<number> {
  const recorded = (await scene.attempts()).length;
  // A POST may lie in a socket still; it is read while Redis answers.
  await scene.redis.ask("PING");
  return scene.receivers.reduce((sum, { posts }) => sum + posts.length, 0) - recorded;
}

/** One that takes everything, one that wants it twice, one that never takes it, and one that wants it slowly. */
async function openReceivers(scene: Scene): Promise<void> {
  const asked = new Set<string>();
  const secondTime = ({ id }: Post) => {
    if (asked.has(id)) return { status: 200 };
    asked.add(id);
    return { status: 503 };
  };
  await scene.receiver("willing", { plan: () => ({ status: 200, afterMs: 5 }) });
  await scene.receiver("second", { events: ["thing.made"], retrySchedule: [200], plan: secondTime });
  await scene.receiver("never", {
    events: ["thing.lost"],
    retrySchedule: [100],
    plan: () => ({ status: 404 }),
  });
  await scene.receiver("slow", { events: ["thing.changed"], rateLimit: { count: 1, perMs: 1_000 } });
}
