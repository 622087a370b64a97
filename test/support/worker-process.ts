/**
 * A worker in a process of its own, so that a test can kill it. Started by test/support/workers.ts; says "ready"
 * on its channel once it consumes, and how much memory it takes when it is asked.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createHookwave } from "../../src/index.ts";
import { LOOPBACK } from "./service.ts";

const [redisUrl = "", dataDir = "", optionsText = "{}"] = process.argv.slice(2);
const hookwave = await createHookwave({
  redisUrl,
  dataDir,
  role: "worker",
  ...LOOPBACK,
  ...JSON.parse(optionsText),
});
await hookwave.start();
process.once("SIGTERM", () => void hookwave.close().then(() => process.exit(0)));
// Whoever started us is gone, and with it who would stop us.
process.once("disconnect", () => process.exit(1));
process.on("message", () => {
  // Garbage that has not been collected yet would look like a leak.
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  process.send?.(process.memoryUsage());
});
process.send?.("ready");
