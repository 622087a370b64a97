/**
 * `npm run soak`: 200 events/s with random faults for as long as asked; ends with 1 when anything was lost, sent
 * twice without need, or when the heap of a worker or the memory of Redis grows. docs/reliability.md says more.
 */
import { parseArgs } from "node:util";
import { playMixedLoad } from "./harness/mixed-load.ts";
import { abandonRows, runRow } from "./harness/run-row.ts";
import { promisesOf, tableOf } from "./harness/table.ts";
import { checkTrend } from "./harness/trend.ts";

const MINUTE_MS = 60_000;
/** Short, so that Redis has forgotten as many events as it gets for most of a short soak. */
const RETENTION_MS = 2 * MINUTE_MS;
const WARM_UP_MS = 4 * MINUTE_MS;
const MINUTES_MIN = 8;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, seed: { type: "string" } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const minutes = Number(values.minutes);
if (!(minutes >= MINUTES_MIN)) {
  process.stderr.write(
    `expected --minutes of at least ${MINUTES_MIN}, of which 4 are warm-up, got ${values.minutes}\n`,
  );
  process.exit(64);
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void abandonRows().finally(() => process.exit(1)));
}
process.stderr.write(`seed ${seed}\n`);
const startedAt = performance.now();
const report = await runRow(
  {
    number: 0,
    fault: `soak: ${minutes} minutes, 200 events/s, random faults`,
    run: async (scene) => {
      const { heap, redis } = await playMixedLoad(scene, {
        minutes,
        perSecond: 200,
        faultEveryMs: 30_000,
        retentionMs: RETENTION_MS,
        warmUpMs: WARM_UP_MS,
      });
      checkTrend(scene, "heap", heap);
      checkTrend(scene, "Redis memory", redis);
    },
  },
  {
    seed,
    say: (line) =>
      void process.stderr.write(`+${((performance.now() - startedAt) / 1_000).toFixed(0)} s: ${line}\n`),
  },
);
process.stdout.write(`${tableOf([report])}\n${promisesOf(report).join("\n")}\n`);
process.exit(report.kept ? 0 : 1);
