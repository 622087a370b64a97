/**
 * A worker in a process of its own, so that a test can kill it. Started by test/support/workers.ts; says "ready"
 * on its channel once it consumes. Asked for "memory" it says how much it takes; told to "exhaust" it opens files until
 * there are none left to open, and told to "release" it closes them.
 */
import { closeSync, openSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { openHookwave } from "../../src/app.ts";
import { LOOPBACK } from "./service.ts";

const files: number[] = [];
const [redisUrl = "", dataDir = "", optionsText = "{}"] = process.argv.slice(2);
const hookwave = await openHookwave({
  redisUrl,
  dataDir,
  role: "worker",
  ...LOOPBACK,
  ...JSON.parse(optionsText),
});
await hookwave.start();
process.once("SIGTERM", () => void hookwave.close().then(() => process.exit(0)));
// The process that started us is gone, and with it who would stop us.
process.once("disconnect", () => process.exit(1));
process.on("message", (wish) => process.send?.(fulfil(wish)));
process.send?.("ready");

function fulfil(wish: unknown): unknown {
  switch (wish) {
    case "exhaust":
      return exhaust();
    case "release":
      for (const file of files.splice(0)) closeSync(file);
      return "released";
    default:
      return memory();
  }
}

function exhaust(): string {
  for (;;) {
    try {
      files.push(openSync("/dev/null", "r"));
    } catch (error) {
      return String(error);
    }
  }
}

function memory(): NodeJS.MemoryUsage {
  // Garbage that has not been collected yet would look like a leak.
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage();
}
