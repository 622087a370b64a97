/** Row 35: the disk of a service's log fills up while it works; lines are lost, and nothing else (trap 41). */

import { LOOPBACK_VARIABLES } from "../../support/command.ts";
import { keptPort } from "../../support/kept-port.ts";
import { startOnSmallDisk } from "../../support/log-disk.ts";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

const EVENTS = 1_000;
const ANSWERS_WITHIN_MS = 5_000;
const ENDS_WITHIN_MS = 10_000;

export const fullLog: Row = {
  number: 35,
  fault: "the log's disk fills up",
  run: async (scene) => {
    const redis = await scene.open();
    await scene.receiver("one");
    const port = await keptPort();
    const variables = { REDIS_URL: redis.url, HOOKWAVE_PORT: String(port), ...LOOPBACK_VARIABLES };
    const service = scene.keep(startOnSmallDisk(redis.dataDir, scene.variables(variables)));
    const ask = async (path: string): Promise<Response> =>
      await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    await until("it is ready", async () => (await ask("/readyz")).status === 200);

    const producer = await scene.producer("log", { events: EVENTS });
    await until("its log is full", service.isFull);
    scene.say("the log is full");
    await producer.finished;
    await scene.drained();
    const health = await ask("/healthz").then(({ status }) => status, String);
    scene.check("/healthz 200", health === 200, health);
    const text = await ask("/metrics").then((answer) => answer.text(), String);
    const dropped = Number(/^hookwave_log_lines_dropped_total (\d+)$/m.exec(text)?.[1] ?? 0);
    scene.check("the lines that are missing are counted", dropped > 0, dropped);

    service.signal("SIGTERM");
    await until("it has ended", service.hasExited, ENDS_WITHIN_MS).catch(() => undefined);
    const end = service.hasExited() ? service.exitCode() : "it runs on";
    scene.check("SIGTERM is obeyed", end === 0, String(end));
  },
};
