/** Wires the deliver stage, of which a process has one: its limits, slots and breakers are those of all its work. */
import { system } from "../config/system.ts";
import type { EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { AddressPolicy } from "../deliver/address-guard.ts";
import { createAttemptSlots } from "../deliver/attempt-slots.ts";
import { createBothBreakers } from "../deliver/both-breakers.ts";
import { createConcurrencyLimits } from "../deliver/concurrency-limits.ts";
import { createDeliver } from "../deliver/deliver.ts";
import type { OutboundProxy } from "../deliver/outbound-proxy.ts";
import { patientRate } from "../deliver/patient-rate.ts";
import type { RecordAttempt } from "../deliver/ports.ts";
import type { Lookup } from "../deliver/resolver.ts";
import { createTransport } from "../deliver/transport.ts";
import { disabledByReceiver } from "../endpoints/revision.ts";
import { endpointNote, SERVICE } from "../manage/audit.ts";
import { createFleetRates } from "../store/fleet-rates.ts";
import type { Redis } from "../store/redis.ts";
import type { FleetState } from "./fleet-state.ts";
import type { Publishing } from "./publishing.ts";

export interface WorkerWiring
  extends FleetState,
    Pick<Publishing, "migration" | "busLink" | "spans" | "places"> {
  readonly policy: AddressPolicy;
  readonly lookup: Lookup;
  readonly proxy: OutboundProxy | null;
}

export type DeliverStage = Omit<ReturnType<typeof openDeliverStage>, "abandon" | "seen">;

/** `redis` has what the fleet shares. */
export function openDeliverStage(
  deps: WorkerWiring,
  record: RecordAttempt,
  redis: Redis,
  isDraining: (id: EndpointId) => boolean,
) {
  const { config, tell, endpoints } = deps;
  const { policy, lookup, proxy } = deps;
  const transport = createTransport({ policy, lookup, proxy, now: system.monotonicMs });
  const limits = createConcurrencyLimits({
    ...system,
    busyMsSince: (sinceMs) => slots.busyMsSince(sinceMs),
  });
  const slots = createAttemptSlots(system, limits.isSlow);
  const breakers = createBothBreakers(
    { failureThreshold: config.breakerFailureThreshold, recoveryMs: config.breakerRecoveryMs },
    {
      shared: deps.breakers,
      endpoints,
      now: system.now,
      dice: system.dice,
      tell,
      onReopened: limits.restart,
      onOriginReopened: limits.restartOrigin,
    },
  );
  const directory = {
    get: endpoints.get,
    subscribedTo: endpoints.subscribedTo,
    reload: endpoints.reload,
    disable: async (tried: Endpoint, because: string): Promise<boolean> => {
      let isDone = false;
      const disable = (found: Endpoint): Endpoint => {
        const changed = disabledByReceiver(found, tried, because, system.now());
        isDone = changed !== found;
        return changed;
      };
      await endpoints.change(tried.id, disable, endpointNote("endpoint.disabled", SERVICE));
      return isDone;
    },
  };
  const rates = createFleetRates(redis, deps.keys, system.dice);
  const deliver = createDeliver({
    endpoints: directory,
    transport,
    limits,
    breakers,
    // Of one that is not divided nothing could be held either: a line is where the rate is.
    rate: deps.shards.all.length === 1 ? rates : patientRate(rates),
    record,
    tell,
    system,
    holdMaxAgeMs: config.holdMaxAgeMs,
    isDraining,
    beginSpan: deps.spans?.beginAttempt ?? null,
  });
  const seen = { inFlight: limits.openNow, certificateEnd: transport.certificateEnd };
  // The jobs have been drained: a POST still open is one whose job has been given back.
  const abandon = async (): Promise<void> => {
    breakers.dispose();
    await transport.abandon();
  };
  return { deliver, limits, slots, directory, abandon, seen };
}
