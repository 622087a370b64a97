/**
 * The demo's stage: a whole installation of its own in a fresh directory, and real receivers on loopback. It
 * reads no setting but the data directory, and nothing of it is left when it is closed.
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Config, readEnvironment, readSearchPath } from "../../config/environment.ts";
import { system } from "../../config/system.ts";
import { exponentialSchedule } from "../../core/backoff.ts";
import type { Tell } from "../../core/happening.ts";
import { openStandalone, type Standalone } from "../../process/standalone.ts";
import { SEED_BYTES } from "../../wire/ed25519.ts";
import { secretFrom } from "../../wire/standard-webhooks.ts";
import { CAST } from "./cast.ts";
import { type DemoReceiver, openReceiver } from "./receiver.ts";

export interface Theatre {
  readonly service: Standalone;
  readonly receivers: readonly DemoReceiver[];
  /** The waits between attempts, in ms. */
  readonly schedule: readonly number[];
  readonly dataDir: string;
  readonly close: () => Promise<void>;
}

/** The speed of the fast demo, in multiples of real time. */
const FAST = 20;

export async function openTheatre(isFast: boolean, listener: Tell): Promise<Theatre> {
  const { dataDir: parent } = readEnvironment();
  await mkdir(parent, { recursive: true });
  const dataDir = await mkdtemp(join(parent, "demo-"));
  const config = configFor(dataDir, isFast);
  const closers: (() => Promise<void>)[] = [() => rm(dataDir, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    const receivers = await Promise.all(
      CAST.map((role) => openReceiver(role, secretFrom(randomBytes(SEED_BYTES), false), system)),
    );
    closers.push(...receivers.map((receiver) => receiver.close));
    const service = await openStandalone({
      config,
      searchPath: readSearchPath(),
      log: { level: "info", destination: join(dataDir, "hookwave.log") },
      listeners: [listener],
    });
    closers.push(service.close);
    await service.start();
    await addReceivers(service, receivers);
    const schedule = exponentialSchedule(config.webhookMaxRetries, config.webhookRetryDelayMs);
    return { service, receivers, schedule, dataDir, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function configFor(dataDir: string, isFast: boolean): Config {
  const defaults = readEnvironment({});
  const speed = isFast ? FAST : 1;
  return {
    ...defaults,
    port: 0,
    dataDir,
    allowHttp: true,
    allowPrivateNetworks: ["127.0.0.0/8"],
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
