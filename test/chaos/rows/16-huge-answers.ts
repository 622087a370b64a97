/** Row 16: answers without measure; of a body only the beginning is read, and memory does not grow (trap 24). */
import { gzipSync } from "node:zlib";
import { pourForEver } from "../../support/raw-receiver.ts";
import { until } from "../../support/until.ts";
import type { WorkerProcess } from "../../support/workers.ts";
import type { Row } from "../harness/row.ts";

const GROWTH_ALLOWED_BYTES = 10 * 1_024 * 1_024;
const WARM_UP = 2_000;
const EVENTS = 60;
const HEADERS = "x-filler: 0123456789abcdef0123456789abcdef\r\n".repeat(2_700);
const BOMB = gzipSync(Buffer.alloc(200 * 1_024 * 1_024));

export const hugeAnswers: Row = {
  number: 16,
  fault: "1 GB body; 120 KB of headers; gzip bomb",
  buries: ["exhausted"],
  run: async (scene) => {
    await scene.open();
    await scene.receiver("plain", { events: ["plain.made"], maxInFlight: 50 });
    await scene.rawReceiver(
      "body",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n");
        pourForEver(socket, Buffer.alloc(65_536, "x"));
        return 200;
      },
      REQUEST,
    );
    await scene.rawReceiver(
      "headers",
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${HEADERS}content-length: 0\r\n\r\n`);
        return "unanswered";
      },
      REQUEST,
    );
    await scene.rawReceiver(
      "bomb",
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`);
        socket.write(BOMB);
        return 200;
      },
      REQUEST,
    );
    const worker = await scene.worker({ breakerFailureThreshold: 10_000 });
    const warmUp = await scene.producer("warm", { events: WARM_UP, perSecond: 1_000, types: ["plain.made"] });
    await warmUp.finished;
    await scene.drained();
    const before = await worker.memory();

    const producer = await scene.producer("huge", { events: EVENTS, perSecond: 20, types: ["huge.made"] });
    const peak = await watchPeak(
      worker,
      producer.finished.then(() => scene.drained()),
    );

    const grown = peak - before.rss;
    const megabytes = (bytes: number): string => `${(bytes / 1_024 / 1_024).toFixed(1)} MB`;
    scene.check(
      "RSS grows ≤ 10 MB",
      grown <= GROWTH_ALLOWED_BYTES,
      `${megabytes(grown)} above ${megabytes(before.rss)}`,
    );
    // A status line that has come is the outcome, whatever follows it; headers beyond measure are none.
    const dead = await until("it is buried", async () => (await scene.hookwave.queueCounts()).dead.depth);
    scene.check(
      "bodies count as delivered, the headers as a failure",
      dead === EVENTS,
      `${dead} dead letters`,
    );
  },
};

const REQUEST = { events: ["huge.made"], retrySchedule: [], maxInFlight: 10 };

/** The highest RSS until then. */
async function watchPeak(worker: WorkerProcess, end: Promise<void>): Promise<number> {
  let isOver = false;
  const over = end.finally(() => {
    isOver = true;
  });
  let peak = 0;
  while (!isOver) peak = Math.max(peak, (await worker.memory()).rss);
  await over;
  return peak;
}
