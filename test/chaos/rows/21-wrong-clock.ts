/** Row 21: a worker whose clock is an hour off does not start; delays would end early or late (trap 13). */
import { fileURLToPath } from "node:url";
import { EXIT } from "../../../src/cli/exit-codes.ts";
import { LOOPBACK_VARIABLES, startCommand } from "../../support/command.ts";
import type { Post } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";

const HOUR_MS = 3_600_000;
const RETRY_MS = 2_000;
const JITTER = 0.1;

export const wrongClock: Row = {
  number: 21,
  fault: "worker's clock ± 1 h",
  run: async (scene) => {
    const redis = await scene.open();
    const seen = new Map<string, number>();
    const gaps: number[] = [];
    const plan = ({ id, at }: Post) => {
      const first = seen.get(id);
      if (first !== undefined) gaps.push(at - first);
      else seen.set(id, at);
      return { status: first === undefined ? 404 : 200 };
    };
    await scene.receiver("one", { plan, retrySchedule: [RETRY_MS], maxInFlight: 50 });
    await scene.worker();
    const producer = await scene.producer("clock", { events: 300, perSecond: 50 });
    for (const offsetMs of [HOUR_MS, -HOUR_MS]) {
      const service = scene.keep(
        startCommand(
          ["start", "--role", "worker"],
          scene.variables({
            REDIS_URL: redis.url,
            HOOKWAVE_DATA_DIR: redis.dataDir,
            NODE_OPTIONS: `--import=${fileURLToPath(new URL("../harness/clock.ts", import.meta.url))}`,
            CHAOS_CLOCK_MS: String(offsetMs),
            ...LOOPBACK_VARIABLES,
          }),
        ),
      );
      const code = await service.ended();
      const said = service.stderr();
      scene.check(
        `${offsetMs > 0 ? "+" : "−"}1 h refuses to start`,
        code === EXIT.configuration && said.includes("clock"),
        `exit ${code}: ${said.split("\n")[2]?.trim()}`,
      );
    }
    await producer.finished;
    await scene.drained();
    const earliest = Math.min(...gaps);
    scene.check(
      "no retry comes early",
      earliest >= RETRY_MS * (1 - JITTER) - 50,
      `${earliest.toFixed(0)} ms at least`,
    );
  },
};
