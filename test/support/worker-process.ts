/**
 * A worker in a process of its own, so that a test can kill it. Started by test/support/workers.ts; says "ready"
 * on its channel once it consumes.
 */
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
process.send?.("ready");
