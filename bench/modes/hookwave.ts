/**
 * Mode `hookwave`: the product with everything on (claim, sign, guard, breaker, record, metrics, log at its default
 * level) delivering to one endpoint what has been published before.
 */
import { join } from "node:path";
import { type Hookwave, type OpenOptions, openHookwave } from "../../src/app.ts";
import { system } from "../../src/config/system.ts";
import type { Tell } from "../../src/core/happening.ts";
import { logHappenings } from "../../src/observe/happening-log.ts";
import { createLog } from "../../src/observe/log.ts";
import { createPublisher } from "../../src/publisher.ts";
import { createStopwatch, type Measured } from "../stopwatch.ts";
import { DATA, EVENT_TYPE, IN_FLIGHT, SECRET, type Setup } from "../workload.ts";

const FILL_AT_ONCE = 1_024;

export async function fillHookwave(setup: Setup): Promise<void> {
  const publisher = createPublisher({ redisUrl: setup.redisUrl });
  const event = { type: EVENT_TYPE, data: DATA };
  for (let left = setup.skip + setup.count; left > 0; left -= FILL_AT_ONCE) {
    await publisher.publishMany(Array.from({ length: Math.min(FILL_AT_ONCE, left) }, () => event));
  }
  await publisher.close();
}

export async function hookwave(setup: Setup): Promise<Measured> {
  const stopwatch = createStopwatch(setup);
  const service = await startService(setup, (happening) => {
    if (happening.kind === "attempt.finished" && happening.record.outcome === "delivered") stopwatch.tick();
  });
  const measured = await stopwatch.measured;
  await service.close();
  return measured;
}

/** A worker that delivers everything to the receiver, and tells `listener` too. */
export async function startService(
  setup: Setup,
  listener: Tell,
  more: Partial<OpenOptions> = {},
): Promise<Hookwave> {
  const log = createLog({ level: "info", destination: join(setup.dataDir, "hookwave.log") });
  const happenings = logHappenings(log, system);
  const service = await openHookwave({
    redisUrl: setup.redisUrl,
    dataDir: setup.dataDir,
    role: "worker",
    webhookUrl: setup.receiverUrl,
    webhookSecret: SECRET,
    webhookProfile: "standard",
    maxInFlight: IN_FLIGHT,
    allowHttp: true,
    allowPrivateNetworks: ["127.0.0.0/8"],
    listeners: [happenings.tell, listener],
    ...more,
  });
  await service.start();
  return {
    ...service,
    close: async () => {
      await service.close();
      happenings.close();
      await log.close();
    },
  };
}
