/** A child: runs the mode it is asked for and sends what it measured. */
import { hookwave } from "./modes/hookwave.ts";
import { perJob } from "./modes/per-job.ts";
import { publish, publishMany, singleAdd } from "./modes/publish.ts";
import { raw } from "./modes/raw.ts";
import type { Measured } from "./stopwatch.ts";
import { type Setup, setupSchema } from "./workload.ts";

const MODES = new Map<string, (setup: Setup) => Promise<Measured>>(
  Object.entries({ raw, perJob, hookwave, publish, publishMany, singleAdd }),
);

const [name = "", setup = ""] = process.argv.slice(2);
process.send?.(await MODES.get(name)?.(setupSchema.parse(JSON.parse(setup))));
process.disconnect();
