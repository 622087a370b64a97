/**
 * How the tests run: every file in a process of its own, two at a time. test/support/leaks.ts fails a file that
 * leaves a socket, server or child process open; `vitest run --detect-async-leaks` then shows where it was opened
 * (too slow to be always on: it keeps a stack trace of every promise).
 */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/leaks.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    fileParallelism: true,
    maxWorkers: 2,
  },
});
