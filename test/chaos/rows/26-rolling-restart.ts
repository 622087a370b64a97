/** A deployment: every worker of a fleet is told to stop and replaced, one after the other, under load. Nobody notices. */
import { until } from "../../support/until.ts";
import type { WorkerProcess } from "../../support/workers.ts";
import type { Row } from "../harness/row.ts";

const WORKERS = 3;
const ROUNDS = 2;

export const rollingRestart: Row = {
  number: 26,
  fault: "rolling restart (SIGTERM) of 3 workers under load, twice",
  run: async (scene) => {
    await scene.open();
    const receiver = await scene.receiver("one", {
      maxInFlight: 100,
      // A charged attempt would be the last one.
      retrySchedule: [],
      plan: () => ({ status: 200, afterMs: scene.moods.between(100, 600) }),
    });
    const fleet: WorkerProcess[] = [];
    for (let n = 0; n < WORKERS; n += 1) fleet.push(await scene.worker());
    const producer = await scene.producer("deploy", { events: 4_000, perSecond: 200 });
    await until("POSTs are open", () => receiver.open() > 20);

    const codes: (number | null)[] = [];
    for (let n = 0; n < WORKERS * ROUNDS; n += 1) {
      await scene.meanwhile(200, 1_000);
      const next = await scene.worker();
      const [old] = fleet.splice(0, 1);
      fleet.push(next);
      scene.say(`SIGTERM, ${receiver.open()} POSTs open`);
      codes.push((await old?.kill("SIGTERM")) ?? null);
    }
    await producer.finished;
    await scene.drained();

    scene.check(
      "each worker exits 0",
      codes.every((code) => code === 0),
      codes.join(" "),
    );
    const charged = (await scene.attempts()).filter(({ attemptNumber }) => attemptNumber > 1).length;
    const { dead } = await scene.hookwave.queueCounts();
    scene.check(
      "no attempt is charged",
      charged === 0 && dead.depth === 0,
      `${charged} second attempts, ${dead.depth} dead`,
    );
  },
};
