/**
 * Rate limits of the API: how often each key may ask, and each address that brings no valid one, counted over all
 * processes. While Redis cannot count, nobody is refused for it: what is asked then mostly fails by itself.
 */
import rateLimit from "@fastify/rate-limit";
import type { FastifyRequest } from "fastify";
import type { CountRequest } from "../core/access.ts";
import type { AccessControl, ApiSettings } from "./ports.ts";
import { Refusal } from "./problem.ts";
import type { Api } from "./routing.ts";

const WINDOW_MS = 60_000;

export function addRateLimits(
  app: Api,
  settings: ApiSettings,
  { keys }: AccessControl,
  count: CountRequest,
): void {
  app.register(rateLimit, {
    global: true,
    timeWindow: WINDOW_MS,
    max: ({ caller }) => (caller === null ? settings.apiRateLimitUnknown : settings.apiRateLimit),
    keyGenerator: whoOf,
    // Before they are known, a valid key looks like none, and is not to pay for that.
    allowList: ({ caller }) => caller === null && !keys.areKnown(),
    store: sharedStore(count),
    skipOnError: true,
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { max, ttl }) => limited(max, ttl),
  });
}

const whoOf = ({ caller, ip }: FastifyRequest): string =>
  caller === null ? `ip:${ip}` : `key:${caller.keyId}`;

/** The plugin wants a class and callbacks. */
function sharedStore(count: CountRequest) {
  return class SharedStore {
    incr(who: string, done: (error: Error | null, result?: { current: number; ttl: number }) => void): void {
      count(who, WINDOW_MS).then(
        (counted) => done(null, counted),
        (error: Error) => done(error),
      );
    }

    child(): SharedStore {
      return this;
    }
  };
}

function limited(max: number, ttlMs: number): Refusal {
  return new Refusal("RATE_LIMITED", {
    expected: `at most ${max} requests a minute`,
    got: "more",
    remedy: `go on in ${Math.ceil(ttlMs / 1_000)} s; publish up to 100 events with one request`,
  });
}
