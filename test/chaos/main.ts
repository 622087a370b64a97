/**
 * `npm run chaos`: the fault matrix with real processes and real faults, ended by one ledger. Prints a table, and
 * ends with 1 when any row is outside its promise. docs/reliability.md says how to read it.
 */
import { parseArgs } from "node:util";
import { isWhole, type Row, type RowReport } from "./harness/row.ts";
import { abandonRows, runRow } from "./harness/run-row.ts";
import { promisesOf, tableOf } from "./harness/table.ts";
import { matrix } from "./matrix.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seed: { type: "string" },
    minutes: { type: "string", default: "10" },
    jobs: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    again: { type: "boolean", default: false },
  },
});

const seed = Number(values.seed ?? Date.now() % 1_000_000);
const asked = values.only === "" ? null : new Set(values.only.split(",").map(Number));
const rows = matrix(Number(values.minutes)).filter(({ number }) => asked === null || asked.has(number));
// Progress goes where it does not disturb the JSON.
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const defect = process.env["CHAOS_DEFECT"] ?? null;

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void abandonRows().finally(() => process.exit(1)));
}
say(`seed ${seed}${defect === null ? "" : `, planted defect: ${defect}`}`);
const reports = await runAll(rows);
if (values.json) process.stdout.write(`${JSON.stringify({ seed, defect, rows: reports })}\n`);
else process.stdout.write(`${tableOf(reports)}\n${reports.flatMap(promisesOf).join("\n")}\n`);
process.exit(reports.length > 0 && reports.every(({ kept }) => kept) ? 0 : 1);

/** As many side by side as asked for; those that measure come last, one by one. */
async function runAll(all: readonly Row[]): Promise<readonly RowReport[]> {
  const done: RowReport[] = [];
  const waiting = all.filter(({ isAlone }) => isAlone !== true);
  const worker = async (): Promise<void> => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) done.push(await play(row));
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, worker));
  for (const row of all) if (row.isAlone) done.push(await playAlone(row));
  return done.toSorted((one, other) => one.number - other.number);
}

/** With `--again`, what missed a time and nothing else is played once more: on a machine that others share. */
async function playAlone(row: Row): Promise<RowReport> {
  const first = await play(row);
  if (!values.again || first.kept || !isWhole(first)) return first;
  say(`row ${row.number}: once more`);
  return { ...(await play(row)), tries: 2 };
}

async function play(row: Row): Promise<RowReport> {
  const startedAt = performance.now();
  const report = await runRow(row, {
    seed,
    defect,
    say: (line) =>
      say(`row ${row.number} +${((performance.now() - startedAt) / 1_000).toFixed(1)} s: ${line}`),
  });
  say(`row ${row.number}: ${report.kept ? "kept" : "NOT KEPT"} in ${report.seconds.toFixed(0)} s`);
  if (!report.kept) for (const line of promisesOf(report)) say(line);
  return report;
}
