/**
 * Sends one POST and says what became of it. The status line is the outcome; of the body only an excerpt is
 * kept. One deadline spans the whole exchange, whatever the receiver drips (trap 23). It follows no redirect,
 * decodes no body, reads no proxy variable, and never throws for what a receiver does.
 */
import { LRUCache } from "lru-cache";
import { Agent } from "undici";
import type { Origin } from "../core/brand.ts";
import { HookwaveError } from "../core/errors.ts";
import { requestTarget } from "../wire/target-uri.ts";
import type { AddressPolicy, ClosedNetwork } from "./address-guard.ts";
import { type ConnectorOptions, createGuardedConnector } from "./guarded-connector.ts";
import { OpenExchange, type Routes } from "./open-exchange.ts";
import { HEAD_MAX_BYTES } from "./overhear.ts";
import type { Exchange, OutgoingRequest, Transport } from "./ports.ts";
import { checkUrl } from "./url-policy.ts";

export interface TransportOptions extends Omit<ConnectorOptions, "onStage" | "onCertificate"> {
  /** Open connections to one origin; further posts wait for a free one, within their deadline. */
  readonly connectionsPerOrigin?: number;
  /** Origins with kept connections; posts to further ones go without keep-alive. */
  readonly maxOrigins?: number;
}

/** As many as an endpoint may have open: a post that waits for a connection does so on its own deadline. */
const CONNECTIONS_PER_ORIGIN = 1_000;
const MAX_ORIGINS = 2_048;
/** Receivers commonly close idle connections after 5 s; below that, fewer go stale under us (trap 25). */
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_MAX_MS = 5_000;
const CHECKED_URLS_KEPT = 4_096;

/** A URL once checked: the parts a request needs, or the refusal and its problem in words. */
export type Target =
  | { readonly kind: "open"; readonly origin: string; readonly path: string }
  | {
      readonly kind: "refused";
      readonly exchange: Exchange;
      readonly problem: string;
      readonly closedNetwork: ClosedNetwork | null;
    };

export function createTransport(options: TransportOptions): Transport {
  const certificates = new LRUCache<Origin, number>({ max: MAX_ORIGINS });
  const routes = openRoutes({
    ...options,
    onCertificate: (origin, endsAtMs) => void certificates.set(origin, endsAtMs),
  });
  const targets = new LRUCache<string, Target>({ max: CHECKED_URLS_KEPT });
  let closing: Promise<void> | undefined;
  let isAbandoned = false;

  const targetOf = (url: string): Target => {
    const known = targets.get(url);
    if (known !== undefined) return known;
    const target = checkTarget(url, options.policy);
    targets.set(url, target);
    return target;
  };

  return {
    post: (request) => {
      if (closing !== undefined) return Promise.reject(closedError());
      const target = targetOf(request.url);
      return target.kind === "open"
        ? exchange(request, target, routes, () => isAbandoned)
        : Promise.resolve(target.exchange);
    },
    certificateEnd: (origin) => certificates.get(origin),
    close: () => {
      closing ??= closeRoutes(routes);
      return closing;
    },
    abandon: () => {
      isAbandoned = true;
      closing = Promise.all([routes.kept.destroy(), routes.single.destroy()]).then(() => undefined);
      return closing;
    },
  };
}

function exchange(
  request: OutgoingRequest,
  { origin, path }: Extract<Target, { readonly kind: "open" }>,
  routes: Routes,
  isAbandoned: () => boolean,
): Promise<Exchange> {
  const { headers, body, timeoutMs } = request;
  return new Promise((resolve, reject) => {
    const settling = {
      resolve: (exchange: Exchange): void => {
        if (exchange.kind === "failed" && isAbandoned()) reject(closedError());
        else resolve(exchange);
      },
      reject,
    };
    const open = new OpenExchange({ origin, path, method: "POST", headers, body }, routes, settling);
    open.start(timeoutMs);
  });
}

export function checkTarget(text: string, policy: AddressPolicy): Target {
  const check = checkUrl(text, policy);
  if (!check.ok) {
    const { reason, problem, closedNetwork } = check;
    return { kind: "refused", exchange: { kind: "blocked", reason }, problem, closedNetwork };
  }
  return { kind: "open", origin: check.url.origin, path: requestTarget(check.url) };
}

/** Options of every agent of ours. */
export const AGENT_OPTIONS = {
  allowH2: false,
  maxHeaderSize: HEAD_MAX_BYTES,
  // Both restart with each byte and so bound nothing; OpenExchange has the one deadline that does.
  headersTimeout: 0,
  bodyTimeout: 0,
} as const;

function openRoutes(options: TransportOptions & ConnectorOptions): Routes {
  const connector = createGuardedConnector(options);
  const common = {
    ...AGENT_OPTIONS,
    connect: connector.connect,
    connections: options.connectionsPerOrigin ?? CONNECTIONS_PER_ORIGIN,
  };
  return {
    kept: new Agent({
      ...common,
      pipelining: 1,
      maxOrigins: options.maxOrigins ?? MAX_ORIGINS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    }),
    // In undici, pipelining 0 means one connection per request.
    single: new Agent({ ...common, pipelining: 0 }),
    endedReused: connector.endedReused,
    heardBefore: connector.heardBefore,
    endedInTunnel: connector.endedInTunnel,
    proxy: options.proxy,
    now: options.now,
  };
}

/** Waits for what is under way, which its deadline bounds. */
async function closeRoutes({ kept, single }: Routes): Promise<void> {
  await kept.close();
  // Only now: a request that was sent once more may have left the first for the second.
  await single.close();
}

export function closedError(): HookwaveError {
  return new HookwaveError("CLOSED", {
    expected: "an open transport",
    got: "a closed one",
    remedy: "send before closing, or create a new transport",
  });
}
