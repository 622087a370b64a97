/** Row 15: a kept connection that its receiver has closed; the POST goes again at once and costs no attempt (trap 25). */
import { plainAnswer } from "../../support/raw-receiver.ts";
import { mostPosts } from "../harness/ledger.ts";
import type { Row } from "../harness/row.ts";

const EVENTS = 60;
const AGAIN_WITHIN_MS = 1_000;

export const staleConnection: Row = {
  number: 15,
  fault: "receiver resets the idle connection",
  recoveryWithinMs: AGAIN_WITHIN_MS,
  run: async (scene) => {
    await scene.open();
    const resetAt: number[] = [];
    const servedAt: number[] = [];
    const receiver = await scene.rawReceiver(
      "forgetful",
      (socket, { ordinal }) => {
        if (ordinal > 1) {
          resetAt.push(performance.now());
          socket.resetAndDestroy();
          return "unanswered";
        }
        servedAt.push(performance.now());
        socket.write(plainAnswer(200));
        return 200;
      },
      { retrySchedule: [], maxInFlight: 1 },
    );
    await scene.worker({ breakerFailureThreshold: 10_000 });
    const producer = await scene.producer("idle", { events: EVENTS, perSecond: 30 });
    await producer.finished;
    await scene.drained();

    const waits = resetAt.map(
      (at) => (servedAt.find((served) => served >= at) ?? Number.POSITIVE_INFINITY) - at,
    );
    scene.allowDuplicates(resetAt.length);
    const slowestMs = Math.max(...waits);
    // One that never came back has not recovered.
    if (Number.isFinite(slowestMs)) scene.recoveryMs = slowestMs;
    const records = await scene.attempts();
    const charged = records.filter(
      ({ outcome, attemptNumber }) => outcome !== "delivered" || attemptNumber > 1,
    );
    scene.check(
      "connections were reset",
      resetAt.length > 0,
      `${resetAt.length} of ${receiver.posts.length} POSTs`,
    );
    scene.check(
      "no attempt is charged",
      charged.length === 0 && records.length === EVENTS,
      `${charged.length} charged of ${records.length} attempts`,
    );
    scene.check("each is handled once", servedAt.length === EVENTS, servedAt.length);
    const most = mostPosts(receiver.posts);
    scene.check("each is sent at most once more", most <= 2, `${most} POSTs`);
  },
};
