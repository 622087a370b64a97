/**
 * A child: a worker under trouble. It answers each question with what it has counted of itself so far, and goes on until
 * its parent lets go of it.
 */
import { once } from "node:events";
import { join } from "node:path";
import { z } from "zod";
import { openHookwave } from "../../src/app.ts";
import { system as clock } from "../../src/config/system.ts";
import type { AttemptRecord } from "../../src/core/attempt.ts";
import { logHappenings } from "../../src/observe/happening-log.ts";
import { createLog } from "../../src/observe/log.ts";

const setupSchema = z.object({ redisUrl: z.string(), dataDir: z.string() });

let [delivered, held] = [0, 0];
const lateMs: number[] = [];
const dueAt = new Map<string, number>();

function note({ deliveryId, outcome, startedAt, durationMs, nextInMs }: AttemptRecord): void {
  if (outcome === "delivered") delivered += 1;
  const began = Date.parse(startedAt);
  const due = dueAt.get(deliveryId);
  dueAt.delete(deliveryId);
  if (due !== undefined) lateMs.push(began - due);
  if (nextInMs !== null) dueAt.set(deliveryId, began + durationMs + nextInMs);
}

const setup = setupSchema.parse(JSON.parse(process.argv[3] ?? ""));
const log = createLog({ level: "info", destination: join(setup.dataDir, "hookwave.log") });
const happenings = logHappenings(log, clock);
const service = await openHookwave({
  ...setup,
  role: "worker",
  allowHttp: true,
  allowPrivateNetworks: ["127.0.0.0/8"],
  breakerRecoveryMs: 5_000,
  listeners: [
    happenings.tell,
    (happening) => {
      if (happening.kind === "delivery.held") {
        held += 1;
        // A retry that found its breaker open is not late.
        dueAt.delete(happening.deliveryId);
      }
      if (happening.kind === "attempt.finished") note(happening.record);
    },
  ],
});
await service.start();
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuUs: user + system, delivered, held, lateMs });
});
process.send?.("ready");
await once(process, "disconnect");
await service.close();
happenings.close();
await log.close();
