/** Row 14: receivers that never come to an end; each attempt ends at its deadline, and so does its socket (trap 23). */

import { drip } from "../../support/raw-receiver.ts";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

const DEADLINE_MS = 3_000;
const LATE_MS = 1_000;
const ALL_ENDED_MS = 30_000;
const EVENTS = 5;

export const neverAnswers: Row = {
  number: 14,
  fault: "receiver never answers / drips / sends endless 1xx",
  buries: ["exhausted"],
  run: async (scene) => {
    await scene.open();
    const receivers = [
      await scene.rawReceiver("silent", () => "unanswered", REQUEST),
      await scene.rawReceiver(
        "dripping",
        (socket) => {
          socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
          drip(socket, "a", 500);
          return "unanswered";
        },
        REQUEST,
      ),
      await scene.rawReceiver(
        "endless",
        (socket) => {
          drip(socket, "HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n", 100);
          return "unanswered";
        },
        REQUEST,
      ),
    ];
    await scene.worker({ breakerFailureThreshold: 10_000 });
    const producer = await scene.producer("slow", { events: EVENTS, perSecond: 100 });
    await producer.finished;
    // An exchange that has no end is missing below.
    await scene.drained(ALL_ENDED_MS).catch((error: Error) => scene.say(error.message));

    const records = await scene.attempts();
    const wrong = records.filter(({ durationMs }) => Math.abs(durationMs - DEADLINE_MS) > LATE_MS);
    const times = records.map(({ durationMs }) => durationMs);
    scene.check(
      `each attempt ends at its deadline of ${DEADLINE_MS} ms ± 1 s`,
      records.length === receivers.length * EVENTS * 2 && wrong.length === 0,
      `${records.length} attempts, ${Math.min(...times)} to ${Math.max(...times)} ms`,
    );
    const reasons = [...new Set(records.map(({ reason }) => reason))].join();
    scene.check("and is called a timeout", reasons === "timeout", reasons);
    const isClosed = (): boolean => receivers.every(({ open }) => open() === 0);
    const closed = await until("sockets are closed", isClosed, LATE_MS).catch(() => false);
    scene.check("its socket is closed", closed, receivers.map(({ open }) => open()).join(" "));
  },
};

const REQUEST = { timeoutMs: DEADLINE_MS, retrySchedule: [500], maxInFlight: 50 };
