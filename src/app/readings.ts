/** Wires what the metrics read of a fleet at each scrape, over the connection that also publishes. */
import { system } from "../config/system.ts";
import { originOf } from "../core/origin.ts";
import type { HoldReason } from "../core/outcome.ts";
import type { Readings } from "../observe/gauges.ts";
import { openUntilOf } from "../store/breakers.ts";
import { createEndpointReadings, type WaitingReading } from "../store/endpoint-readings.ts";
import { createFleetRates } from "../store/fleet-rates.ts";
import { createPresence } from "../store/presence.ts";
import type { Redis } from "../store/redis.ts";
import { readRedis, worstReading } from "../store/redis-safety.ts";
import type { FleetState } from "./fleet-state.ts";
import type { Service } from "./service.ts";
import { withHome } from "./shards.ts";

interface ReadingsWiring extends Pick<Readings, "queues" | "missing">, Pick<Service, "worker"> {}

export function wireReadings(fleet: FleetState, { worker, ...more }: ReadingsWiring): Readings {
  const { redis, keys, tell, endpoints } = fleet;
  const places = withHome({ home: fleet.home, shards: fleet.shards });
  const readEndpoints = createEndpointReadings(places, fleet.config.disableAfterMs, system.now);
  const { look } = createFleetRates(redis, keys, system.dice);
  return {
    ...more,
    inFlight: () => worker()?.inFlight() ?? 0,
    endpoints: async (ids) =>
      Promise.all(
        (await readEndpoints(ids)).map(async (found) => {
          // An endpoint that is switched off, or gone, is nobody's trouble any more.
          const isActive = endpoints.get(found.endpointId)?.isActive === true;
          const trouble = isActive ? found : { ...found, failingMs: 0, disablingRatio: 0 };
          return { ...trouble, heldBecause: await heldBecause(found, fleet, look) };
        }),
      ),
    workers: createPresence(redis, keys, tell).present,
    certificates: (most) => {
      const seen = endpoints.all().flatMap((endpoint) => {
        const endsAt = worker()?.certificateEnd(originOf(endpoint));
        return endsAt === undefined ? [] : [{ endpointId: endpoint.id, endsInMs: endsAt - system.now() }];
      });
      return seen.toSorted((one, other) => one.endsInMs - other.endsInMs).slice(0, most);
    },
    redis: async () => {
      const read = (one: Redis) => readRedis(one, fleet.config.requireAof, system.now);
      const [home, ...others] = await Promise.all([
        read(redis),
        ...places.flatMap((place) => (place.redis === redis ? [] : read(place.redis))),
      ]);
      return worstReading([home, ...others]);
    },
  };
}

/** All that is held in an endpoint's line waits for the same: what its head would meet if it went now. */
async function heldBecause(
  { endpointId: id, held }: WaitingReading,
  { endpoints, breakers }: FleetState,
  rateWaitMs: ReturnType<typeof createFleetRates>["look"],
): Promise<HoldReason> {
  const endpoint = endpoints.get(id);
  if (endpoint === undefined || held === 0) return "busy";
  if (openUntilOf(breakers, endpoint) !== null) return "breaker_open";
  const { rateLimit } = endpoint;
  return rateLimit !== null && (await rateWaitMs(id, rateLimit)) > 0 ? "rate_limited" : "busy";
}
