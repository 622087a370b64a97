/**
 * How the tests run. Files of a project share their processes or threads: loading the product once for each file
 * costs more than most files take (24 s instead of 58 s for the unit tests). test/support/leaks.ts fails a file that
 * leaves a socket, server or child process open; `vitest run --detect-async-leaks` then shows where it was opened
 * (too slow to be always on: it keeps a stack trace of every promise). docs/testing.md says which tests run where.
 */
import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { IS_DEEP } from "./test/support/depth.ts";
import { LongestFirst } from "./test/support/longest-first.ts";

/** They need no Redis, and no process of their own. */
const UNIT = ["test/*.test.ts", "test/unit/**/*.test.ts", "test/docs/**/*.test.ts"];
/** These start Redis, services and commands, wait for them, and may stop their own process. */
const SERVICE = [
  "test/{integration,fuzz,chaos,package}/**/*.test.ts",
  "test/docs/{examples,receiver-examples}.test.ts",
];

const exclude = [...configDefaults.exclude, ...(IS_DEEP ? [] : ["test/**/*.deep.test.ts"])];

export default defineConfig({
  test: {
    setupFiles: ["test/support/leaks.ts"],
    // Patience promises nothing: only that a test which hangs comes to an end, also on a busy machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { sequencer: LongestFirst },
    // Most of a service's test is waiting, so there are more workers than cores.
    maxWorkers: availableParallelism() + 3,
    isolate: false,
    projects: [
      {
        extends: true,
        test: { name: "service", include: SERVICE, exclude, pool: "forks" },
      },
      {
        extends: true,
        test: { name: "unit", include: UNIT, exclude: [...exclude, ...SERVICE], pool: "threads" },
      },
    ],
  },
});
