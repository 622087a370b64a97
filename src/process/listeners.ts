/**
 * Opens the HTTP listeners of a process: the API where its role has one, and metrics on a port of their own where that is
 * asked for. Without any API key, the API is opened to this machine only.
 */
import type { ApiLogger } from "../api/ports.ts";
import { createApiServer, createMetricsServer } from "../api/server.ts";
import type { Hookwave } from "../app.ts";
import type { Config } from "../config/environment.ts";
import { HookwaveError } from "../core/errors.ts";
import { isLoopbackName } from "../core/loopback.ts";

export interface Listeners {
  /** Null where the role serves no API. */
  readonly apiUrl: string | null;
  /** Null where metrics have no port of their own. */
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
  logger: ApiLogger,
  closers: Closers,
): Promise<Listeners> {
  const metricsUrl = await openMetrics(config, hookwave, logger, closers);
  if (config.role === "worker") return { apiUrl: null, metricsUrl, notices: [] };
  const isOpenToOthers = !isLoopback(config.host) && (await isGuarded(config, hookwave));
  const delivers = config.role === "all";
  const api = createApiServer({ hookwave, logger, delivers, isOpenToOthers, settings: config });
  closers.push(api.close);
  const host = isOpenToOthers || isLoopback(config.host) ? config.host : LOOPBACK;
  const apiUrl = await api.listen(host, config.port);
  return { apiUrl, metricsUrl, notices: host === config.host ? [] : [confined(config.host, apiUrl)] };
}

async function openMetrics(
  { host, metrics, metricsPort }: Config,
  hookwave: Hookwave,
  logger: ApiLogger,
  closers: Closers,
): Promise<string | null> {
  if (!metrics || metricsPort === null) return null;
  const server = createMetricsServer({ hookwave, logger });
  closers.push(server.close);
  return await server.listen(host, metricsPort);
}

/** Brackets are how URLs write IPv6, and not how a host to listen on is written. */
const isLoopback = (host: string): boolean =>
  isLoopbackName(host.includes(":") ? `[${host}]` : host.toLowerCase());

/** Is there a key that strangers would need? Where nobody can say, there is none. */
async function isGuarded({ apiKey }: Config, hookwave: Hookwave): Promise<boolean> {
  if (apiKey !== null) return true;
  try {
    await hookwave.untilConnected(KEYS_PATIENCE_MS);
    return (await hookwave.keys.list()).length > 0;
  } catch (error) {
    if (error instanceof HookwaveError && error.code === "REDIS_UNAVAILABLE") return false;
    throw error;
  }
}

function confined(host: string, url: string): string {
  return `there is no API key yet: the API listens on ${url} only, not on ${host}; set HOOKWAVE_API_KEY, or make a key with \`hookwave keys create\` and start again`;
}
