/**
 * The health of the service, for orchestrators and for people: alive, ready, how much it has to do, and each endpoint's
 * state. Changes nothing and shows no secret.
 */
import { z } from "zod";
import { maskUrl } from "../../core/mask-url.ts";
import type { EndpointStatus } from "../../manage/endpoint-health.ts";
import { inJson } from "../json-names.ts";
import type { ApiDeps } from "../ports.ts";
import { REDIS_AWAY, Refusal } from "../problem.ts";
import { type Api, operation, pageQuery } from "../routing.ts";

const LIVENESS = { config: { access: "anyone", isRoutine: true, rateLimit: false } } as const;

const endpointHealth = z.object({
  id: z.string(),
  url: z.string().describe("As far as its host; what follows is masked."),
  is_active: z.boolean(),
  breaker: z.enum(["closed", "open", "half_open"]),
  last_success_at: z.string().nullable(),
  failing_since: z.string().nullable(),
  waiting: z.number().describe("Deliveries that wait for another attempt."),
  oldest_age_ms: z.number().describe("Since the oldest of them was accepted."),
});

export type EndpointHealth = z.output<typeof endpointHealth>;

export const endpointHealthPage = z.object({
  status: z.enum(["ok", "degraded"]).describe("Of the endpoints on this page."),
  endpoints: z.array(endpointHealth),
  next: z.string().nullable().describe("Where the next page begins; null when there is none."),
});

export type EndpointHealthPage = z.output<typeof endpointHealthPage>;

const HEALTH = operation("read", "Health", "endpointsHealth", "How each endpoint is", {
  querystring: z.object(pageQuery),
  response: { 200: endpointHealthPage },
});

const queueReading = z.object({
  depth: z.number().int().describe("Jobs; one of the new ones holds up to 64 events."),
  oldest_age_ms: z.number().describe("How long the first in line has been there; 0 where there is none."),
});
export const serviceStatus = z.object({
  new: queueReading.describe("Published, and not sent to anyone yet."),
  retrying: queueReading.describe("Deliveries that wait for another attempt."),
  dead: queueReading.describe("Given up: dead letters."),
});

export type ServiceStatus = z.output<typeof serviceStatus>;

const STATUS = operation("read", "Health", "getStatus", "Count what is new, trying again and given up", {
  response: { 200: serviceStatus },
});

export function addLiveness(app: Api): void {
  app.get("/healthz", { ...LIVENESS, schema: { hide: true } }, async () => ({ status: "ok" }));
}

export function addReadiness(app: Api, { hookwave, delivers }: Pick<ApiDeps, "hookwave" | "delivers">): void {
  app.get("/readyz", { ...LIVENESS, schema: { hide: true } }, async (_request, reply) => {
    const redis = await hookwave.redisState();
    const isConsuming = hookwave.isConsuming();
    // The way back to the bus must not depend on the store: what may publish without it is kept in the rotation.
    const isBusEnough = redis.kind !== "writable" && (await hookwave.migration.isBusEnough());
    const canWork = redis.kind === "writable" ? isConsuming || !delivers : isBusEnough;
    // Before it knows them, everyone who asks for more than this is refused.
    const isReady = canWork && hookwave.keys.areKnown();
    return reply.code(isReady ? 200 : 503).send({
      status: isReady ? "ready" : "not_ready",
      redis: REDIS_STATES[redis.kind],
      ...(redis.kind === "refusing" && { redis_says: redis.says, remedy: redis.remedy }),
      worker: workerState(isConsuming, delivers),
      ...(isBusEnough && { bus: "reachable" }),
    });
  });
}

const REDIS_STATES = { writable: "reachable", refusing: "refusing", unreachable: "unreachable" } as const;

export function addHealthRoutes(app: Api, deps: ApiDeps): void {
  const { hookwave } = deps;
  addReadiness(app, deps);

  app.get("/health/webhooks", HEALTH, async ({ query }) => {
    // Asked first: without any endpoint there would be nothing to fail.
    if (!(await hookwave.isRedisReachable())) throw new Refusal("REDIS_UNAVAILABLE", REDIS_AWAY);
    const { data, next } = await hookwave.health({ after: query.after ?? null, limit: query.limit });
    const status: "ok" | "degraded" = data.some(isInTrouble) ? "degraded" : "ok";
    return { status, endpoints: data.map((one) => ({ ...inJson(one), url: maskUrl(one.url) })), next };
  });

  app.get("/api/v1/status", STATUS, async () => {
    const queueCounts = await hookwave.queueCounts();
    return {
      new: inJson(queueCounts.new),
      retrying: inJson(queueCounts.retrying),
      dead: inJson(queueCounts.dead),
    };
  });
}

function workerState(isConsuming: boolean, delivers: boolean): "consuming" | "not_consuming" | "not_here" {
  if (!delivers) return "not_here";
  return isConsuming ? "consuming" : "not_consuming";
}

/** An endpoint that somebody switched off is no trouble; one that is on and does not get through is. */
function isInTrouble({ isActive, breaker, failingSince }: EndpointStatus): boolean {
  return isActive && (breaker !== "closed" || failingSince !== null);
}
