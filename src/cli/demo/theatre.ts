/**
 * The demo's stage: a whole installation of its own in a fresh directory, and real receivers on loopback.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Config, readSearchPath } from "../../config/environment.ts";
import { system } from "../../config/system.ts";
import { exponentialSchedule } from "../../core/backoff.ts";
import type { Tell } from "../../core/happening.ts";
import { openStandalone, type Standalone } from "../../process/standalone.ts";
import { SEED_BYTES } from "../../wire/ed25519.ts";
import { secretFrom } from "../../wire/standard-webhooks.ts";
import { CAST } from "./cast.ts";
import { configOn, type Ground, onFreshGround } from "./ground.ts";
import { type DemoReceiver, openReceiver } from "./receiver.ts";

export interface Theatre extends Ground {
  readonly service: Standalone;
  readonly receivers: readonly DemoReceiver[];
  /** The waits between attempts, in ms. */
  readonly schedule: readonly number[];
}

/** The speed of the fast demo, in multiples of real time. */
const FAST = 20;

export function openTheatre(isFast: boolean, listener: Tell): Promise<Theatre> {
  return onFreshGround(async (dataDir, later) => {
    const config = configFor(dataDir, isFast);
    const receivers = await Promise.all(
      CAST.map((role) => openReceiver(role, secretFrom(randomBytes(SEED_BYTES), false), system)),
    );
    for (const { close } of receivers) later(close);
    const service = await openStandalone({
      config,
      searchPath: readSearchPath(),
      log: { level: "info", destination: join(dataDir, "hookwave.log") },
      listeners: [listener],
    });
    later(service.close);
    await service.start();
    await addReceivers(service, receivers);
    const schedule = exponentialSchedule(config.webhookMaxRetries, config.webhookRetryDelayMs);
    return { service, receivers, schedule };
  });
}

function configFor(dataDir: string, isFast: boolean): Config {
  const defaults = configOn(dataDir);
  const speed = isFast ? FAST : 1;
  return {
    ...defaults,
    webhookRetryDelayMs: defaults.webhookRetryDelayMs / speed,
    // The breaker's window stays ten seconds, so that the whole fast schedule would fit into it and open it.
    breakerFailureThreshold: defaults.breakerFailureThreshold * speed,
  };
}

/** Each receiver becomes an endpoint of its own name. */
async function addReceivers({ hookwave }: Standalone, receivers: readonly DemoReceiver[]): Promise<void> {
  for (const { role, url, secret } of receivers) {
    const { name, profile, events } = role;
    await hookwave.endpoints.add({ id: name, url, profile, events, secrets: [secret] });
  }
}
