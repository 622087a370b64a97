/**
 * How the service is, for orchestrators and for people: alive, ready, and each endpoint's state. Changes nothing and
 * shows no secret.
 */
import { z } from "zod";
import { HookwaveError } from "../../core/errors.ts";
import { maskUrl } from "../mask-url.ts";
import type { ApiDeps, EndpointStatus } from "../ports.ts";
import type { Api } from "../routing.ts";

const PROBE = { config: { access: "anyone", rateLimit: false } } as const;

const endpointHealth = z.object({
  id: z.string(),
  url: z.string(),
  active: z.boolean(),
  breaker: z.enum(["closed", "open", "half_open"]),
  lastSuccessAt: z.string().nullable(),
  failingSince: z.string().nullable(),
  waiting: z.number(),
  oldestAgeMs: z.number(),
});

const HEALTH_SCHEMA = {
  operationId: "endpointsHealth",
  tags: ["Health"],
  summary: "How each endpoint is",
  response: { 200: z.object({ status: z.enum(["ok", "degraded"]), endpoints: z.array(endpointHealth) }) },
};

export function addProbes(app: Api): void {
  app.get("/healthz", { ...PROBE, schema: { hide: true } }, async () => ({ status: "ok" }));
}

export function addHealthRoutes(app: Api, { hookwave, delivers }: ApiDeps): void {
  app.get("/readyz", { ...PROBE, schema: { hide: true } }, async (_request, reply) => {
    const isReachable = await hookwave.isRedisReachable();
    const isConsuming = hookwave.isConsuming();
    const isReady = isReachable && (isConsuming || !delivers);
    return reply.code(isReady ? 200 : 503).send({
      status: isReady ? "ready" : "not_ready",
      redis: isReachable ? "reachable" : "unreachable",
      worker: workerState(isConsuming, delivers),
    });
  });

  app.get("/health/webhooks", { config: { access: "read" }, schema: HEALTH_SCHEMA }, async () => {
    // Asked first, because what a lost connection throws further in carries no code of ours.
    if (!(await hookwave.isRedisReachable())) throw redisUnreachable();
    const endpoints = await hookwave.health();
    const status: "ok" | "degraded" = endpoints.some(isInTrouble) ? "degraded" : "ok";
    return { status, endpoints: endpoints.map(toShow) };
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

function toShow({ isActive, url, ...status }: EndpointStatus) {
  return { ...status, url: maskUrl(url), active: isActive };
}

function redisUnreachable(): HookwaveError {
  return new HookwaveError("REDIS_UNAVAILABLE", {
    expected: "an answer from Redis",
    got: "none",
    remedy: "check that Redis runs and REDIS_URL is right, then ask again",
  });
}
