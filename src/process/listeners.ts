/**
 * Opens the HTTP listeners of a process: the API where its role has one, and metrics on a port of their own where that is
 * asked for. Without any API key, the API is opened to this machine only.
 */
import { createApiServer, createMetricsServer } from "../api/server.ts";
import type { Hookwave } from "../app.ts";
import type { Config } from "../config/environment.ts";
import { HookwaveError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { isLoopbackHost } from "../core/loopback.ts";

export interface Listeners {
  /** Null where the role serves no API. */
  readonly apiUrl: string | null;
  /** The address that it takes connections at, which says who can reach it. */
  readonly boundTo: string | null;
  /** Null where probes and metrics have no port of their own. */
  readonly metricsUrl: string | null;
  readonly notices: readonly string[];
}

type Closers = (() => Promise<void>)[];

const LOOPBACK = "127.0.0.1";
const KEYS_PATIENCE_MS = 2_000;

/** Throws CONFIG_INVALID when a port is taken. */
export async function openListeners(
  config: Config,
  hookwave: Hookwave,
  logger: Logger,
  closers: Closers,
): Promise<Listeners> {
  const metricsUrl = await openMetrics(config, hookwave, logger, closers);
  if (config.role === "worker") return { apiUrl: null, boundTo: null, metricsUrl, notices: [] };
  const isGuarded = isLoopbackHost(config.host) || (await haveKeys(config, hookwave));
  // Nobody can say yet: whoever asks is told so, which takes a listener that they reach.
  const isOpenToOthers = !isLoopbackHost(config.host) && isGuarded !== false;
  const delivers = config.role === "all";
  const api = createApiServer({ hookwave, logger, delivers, isOpenToOthers, settings: config });
  closers.push(api.close);
  const host = isOpenToOthers || isLoopbackHost(config.host) ? config.host : LOOPBACK;
  const apiUrl = await api.listen(host, config.port);
  if (host !== config.host)
    return { apiUrl, boundTo: host, metricsUrl, notices: [confined(config.host, apiUrl)] };
  return { apiUrl, boundTo: host, metricsUrl, notices: isGuarded === null ? [KEYS_UNKNOWN] : [] };
}

async function openMetrics(
  settings: Config,
  hookwave: Hookwave,
  logger: Logger,
  closers: Closers,
): Promise<string | null> {
  const { host, role, metricsPort } = settings;
  if (metricsPort === null) return null;
  const server = createMetricsServer({ hookwave, logger, settings, delivers: role !== "api" });
  closers.push(server.close);
  return await server.listen(host, metricsPort);
}

/** Is there a key that strangers would need? Null where Redis has not said it in time. */
async function haveKeys({ apiKey }: Config, hookwave: Hookwave): Promise<boolean | null> {
  if (apiKey !== null) return true;
  try {
    await hookwave.untilConnected(KEYS_PATIENCE_MS);
    return (await hookwave.keys.list()).length > 0;
  } catch (error) {
    if (error instanceof HookwaveError && error.code === "REDIS_UNAVAILABLE") return null;
    throw error;
  }
}

const KEYS_UNKNOWN =
  "Redis has not said yet which API keys there are: until it does, the API refuses everyone but the probes and HOOKWAVE_API_KEY with 503";

function confined(host: string, url: string): string {
  return `there is no API key yet: the API listens on ${url} only, not on ${host}; set HOOKWAVE_API_KEY, or make a key with \`hookwave keys create\` and start again`;
}
