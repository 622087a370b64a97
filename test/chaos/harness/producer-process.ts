/**
 * A producer in a process of its own. Every acknowledgement is in its file before it counts; what was refused is
 * published again with the same id, as the documentation asks for. Started by producers.ts.
 */
import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { createPublisher, HookwaveError } from "../../../src/index.ts";
import type { ProducerPlan, ProducerReport } from "./producers.ts";

const AGAIN_MS = 100;
const TICK_MS = 10;

const plan: ProducerPlan & { readonly file: string } = JSON.parse(process.argv[2] ?? "{}");
const publisher = createPublisher({
  redisUrl: plan.redisUrl,
  shards: plan.shards,
  durability: plan.durability,
  ...(plan.bus !== undefined && { bus: plan.bus }),
});
const data = { text: "x".repeat(plan.dataBytes) };
let isStopped = false;
let [acknowledged, repeated, slowestRefusalMs, slowestDurabilityRefusalMs] = [0, 0, 0, 0];

async function publishUntilStored(n: number): Promise<void> {
  const event = {
    // The time of its first publish, for whoever measures.
    id: `evt_${plan.name}_${n}_${Date.now()}`,
    type: plan.types[n % plan.types.length] ?? "",
    data,
  };
  for (let round = 0; ; round += 1) {
    const startedAt = performance.now();
    try {
      await publisher.publish(event);
      appendFileSync(plan.file, `${event.id} ${event.type}\n`);
      acknowledged += 1;
      return;
    } catch (error) {
      noteRefusal(error, performance.now() - startedAt);
      if (isStopped) return;
      if (round === 0) repeated += 1;
      await pause(AGAIN_MS);
    }
  }
}

/** A refusal that it was not told to expect ends it. */
function noteRefusal(error: unknown, tookMs: number): void {
  if (!(error instanceof HookwaveError) || !plan.refusals.includes(error.code)) throw error;
  slowestRefusalMs = Math.max(slowestRefusalMs, tookMs);
  if (error.code === "DURABILITY_UNMET")
    slowestDurabilityRefusalMs = Math.max(slowestDurabilityRefusalMs, tookMs);
}

// The process that started us is gone, and with it who would stop us.
process.once("disconnect", () => process.exit(1));
process.once("message", () => {
  isStopped = true;
});

const open = new Set<Promise<void>>();
const startedAt = performance.now();
for (let n = 0; n < plan.events && !isStopped; ) {
  const due = Math.min(plan.events, ((performance.now() - startedAt) / 1_000) * plan.perSecond);
  for (; n < due && open.size < plan.concurrency; n += 1) {
    const publishing = publishUntilStored(n).finally(() => open.delete(publishing));
    open.add(publishing);
  }
  await (open.size < plan.concurrency ? pause(TICK_MS) : Promise.race(open));
}
await Promise.all(open);
await publisher.close();
const report: ProducerReport = {
  acknowledged,
  repeated,
  slowestRefusalMs,
  slowestDurabilityRefusalMs,
};
process.send?.(report, () => process.exit(0));
