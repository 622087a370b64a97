/** The health of each endpoint, put together from what the store and the breakers know; a page at a time. */
import type { EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { BreakerState } from "../core/happening.ts";
import type { Page, PageRequest } from "../core/page.ts";
import { endpointPage } from "../endpoints/pages.ts";
import { openUntilOf, type SharedBreakers } from "../store/breakers.ts";
import type { Endpoints } from "../store/endpoints.ts";
import { readHealth } from "../store/health.ts";
import type { Keys } from "../store/keys.ts";
import type { Redis } from "../store/redis.ts";
import type { WaitingDeliveries } from "../store/waiting.ts";

export interface EndpointStatus {
  readonly id: EndpointId;
  readonly url: string;
  readonly isActive: boolean;
  readonly breaker: BreakerState;
  readonly lastSuccessAt: string | null;
  readonly failingSince: string | null;
  /** Deliveries that wait for another attempt. */
  readonly waiting: number;
  readonly oldestAgeMs: number;
}

interface HealthSources {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly endpoints: Endpoints;
  readonly breakers: SharedBreakers;
  readonly waiting: WaitingDeliveries;
  readonly now: () => number;
}

/** Oldest endpoint first. Throws CURSOR_INVALID. */
export async function endpointHealth(from: HealthSources, asked: PageRequest): Promise<Page<EndpointStatus>> {
  const { data, next } = endpointPage(from.endpoints.all(), {}, asked);
  return { data: await Promise.all(data.map((endpoint) => statusOf(endpoint, from))), next };
}

async function statusOf(endpoint: Endpoint, from: HealthSources): Promise<EndpointStatus> {
  const { id, url, isActive } = endpoint;
  const [health, backlog] = await Promise.all([readHealth(from.redis, from.keys, id), from.waiting.read(id)]);
  const openUntil = openUntilOf(from.breakers, endpoint);
  const now = from.now();
  return {
    id,
    url,
    isActive,
    breaker: openUntil === null ? "closed" : openUntil > now ? "open" : "half_open",
    ...health,
    waiting: backlog.waiting,
    oldestAgeMs: backlog.oldestAcceptedAt === null ? 0 : Math.max(0, now - backlog.oldestAcceptedAt),
  };
}
