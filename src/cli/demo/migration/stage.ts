/**
 * The rehearsal's stage: a service that starts in `dual`, as one that publishes to Redis today would, a second worker as
 * a fleet has them, a consumer of the bus and a receiver of webhooks.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readSearchPath } from "../../../config/environment.ts";
import { system } from "../../../config/system.ts";
import type { Happening, Tell } from "../../../core/happening.ts";
import type { Phase } from "../../../core/migration.ts";
import { openStandalone, type Standalone } from "../../../process/standalone.ts";
import { SEED_BYTES } from "../../../wire/ed25519.ts";
import { secretFrom } from "../../../wire/standard-webhooks.ts";
import type { Role } from "../cast.ts";
import { configOn, type Ground, onFreshGround } from "../ground.ts";
import { type DemoReceiver, openReceiver } from "../receiver.ts";
import { type BusConsumer, openBusConsumer } from "./consumer.ts";

export interface MigrationStage extends Ground {
  readonly service: Standalone;
  readonly consumer: BusConsumer;
  readonly receiver: DemoReceiver;
  /** The phase that each worker of the fleet obeys. */
  readonly obeyed: readonly (() => Phase)[];
}

const RECEIVER: Role = {
  name: "healthy",
  profile: "hokusai",
  events: ["*"],
  doc: "takes every webhook, answers 200",
  answer: () => 200,
};
const ENDPOINT_ID = "default";
/** The one that ENABLE_REDIS_FALLBACK=true stands for. */
const FIRST_PHASE = "dual";

export function openMigrationStage(listener: Tell): Promise<MigrationStage> {
  return onFreshGround(async (dataDir, later) => {
    const receiver = await openReceiver(RECEIVER, secretFrom(randomBytes(SEED_BYTES), false), system);
    later(receiver.close);
    const config = { ...configOn(dataDir), enableRedisFallback: true };
    const worker = async (name: string, changes: { readonly redisUrl?: string }) => {
      const { phase, tell } = createPhaseWatch();
      const service = await openStandalone({
        config: { ...config, ...changes, ...(name !== "first" && { role: "worker" as const }) },
        searchPath: readSearchPath(),
        log: { level: "info", destination: join(dataDir, `${name}.log`) },
        listeners: [tell, listener],
      });
      later(service.close);
      return { service, phase };
    };
    const first = await worker("first", {});
    const { service } = first;
    const consumer = await openBusConsumer(service.redisUrl);
    later(consumer.close);
    await service.start();
    await service.hookwave.endpoints.add({
      id: ENDPOINT_ID,
      url: receiver.url,
      profile: RECEIVER.profile,
      secrets: [receiver.secret],
    });
    const second = await worker("second", { redisUrl: service.redisUrl });
    await second.service.start();
    return { service, consumer, receiver, obeyed: [first.phase, second.phase] };
  });
}

function createPhaseWatch(): { readonly phase: () => Phase; readonly tell: Tell } {
  let phase: Phase = FIRST_PHASE;
  return {
    phase: () => phase,
    tell: (happening: Happening) => {
      if (happening.kind === "phase.changed") phase = happening.phase;
    },
  };
}
