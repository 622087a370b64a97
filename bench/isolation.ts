/**
 * `npm run bench:isolation`: one endpoint's trouble stays its own. Each case runs with and without the trouble in one go,
 * on a Redis of its own, and ends with 0 only where every promise is kept. `--only slow` picks cases by their file;
 * `--quick` proves in seconds that they work.
 */
import { parseArgs } from "node:util";
import { tellFindings } from "./finding.ts";
import { atTheCap } from "./isolation/at-the-cap.ts";
import type { Case } from "./isolation/case.ts";
import { manyBeforeOne } from "./isolation/many-before-one.ts";
import { parkedMountain } from "./isolation/parked-mountain.ts";
import { scarceHeap } from "./isolation/scarce-heap.ts";
import { slowAnswers } from "./isolation/slow-answers.ts";

const CASES: Readonly<Record<string, Case>> = {
  slow: slowAnswers,
  parked: parkedMountain,
  cap: atTheCap,
  fair: manyBeforeOne,
  heap: scarceHeap,
};

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});
const names = values.only?.split(",") ?? Object.keys(CASES);
let isKept = true;
for (const name of names) {
  const one = CASES[name];
  if (one === undefined) throw new Error(`--only: expected ${Object.keys(CASES).join(", ")}, got ${name}`);
  console.log(one.name);
  isKept = tellFindings(await one.run({ isQuick: values.quick })) && isKept;
}
process.exitCode = isKept || values.quick ? 0 : 1;
