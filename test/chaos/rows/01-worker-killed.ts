/** Row 1: what a dead worker had open is sent again soon, and nothing else is, not even of the same job. */
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

export const workerKilled: Row = {
  number: 1,
  fault: "kill -9 a worker mid-POST",
  isAlone: true,
  recoveryWithinMs: 20_000,
  run: async (scene) => {
    await scene.open();
    const receiver = await scene.receiver("slow", {
      maxInFlight: 200,
      // Of a job that is still open, some events have long been answered, and are on record.
      plan: () => ({ status: 200, afterMs: scene.moods.between(20, 1_000) }),
    });
    const doomed = await scene.worker();
    const producer = await scene.producer("one", { events: 600, perSecond: 200 });
    await until("POSTs are open", () => receiver.open() > 10);
    await scene.meanwhile(200, 1_500);

    const killedAt = await scene.fault("kill -9 the worker", "worker", () => doomed.kill("SIGKILL"));
    const broken = new Set(receiver.posts.filter(({ status }) => status === null).map(({ id }) => id));
    // Nobody else has written any.
    const onRecord = new Set<string>((await scene.attempts()).map(({ eventId }) => eventId));
    await scene.worker();

    const sentAgain = () => receiver.posts.filter(({ id, at }) => at > killedAt && broken.has(id));
    const areBack = () => new Set(sentAgain().map(({ id }) => id)).size === broken.size;
    await until("all of them are sent again", areBack, 30_000);
    scene.recoveryMs = Math.max(...sentAgain().map(({ at }) => at)) - killedAt;
    await producer.finished;
    await scene.drained();
    const resent = receiver.posts.filter(({ id, at }) => at > killedAt && onRecord.has(id)).length;
    scene.check("what was on record is not sent again", resent === 0, `${resent} of ${onRecord.size}`);
  },
};
