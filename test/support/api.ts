/** The HTTP API of a service on a free port, and a client for it that answers with all a test compares. */
import type { ApiHookwave, ApiSettings } from "../../src/api/ports.ts";
import { createApiServer } from "../../src/api/server.ts";
import type { Logger } from "../../src/core/logger.ts";

export interface Api extends AsyncDisposable {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface ApiOptions {
  readonly delivers?: boolean;
  readonly logger?: Logger;
  readonly isOpenToOthers?: boolean;
  readonly settings?: Partial<ApiSettings>;
  readonly consoleFolder?: URL;
  readonly port?: number;
}

const SETTINGS: ApiSettings = {
  apiUrl: null,
  apiRateLimit: 1_000_000,
  apiRateLimitUnknown: 1_000_000,
  apiConnectionsUnknown: 1_000,
  apiTrustedProxies: [],
  apiDefaultProfile: "standard",
  klipstreamCompat: false,
  apiDocs: true,
  console: true,
  consoleHidePayloads: false,
  metrics: true,
  metricsPort: null,
};

const nothing = (): void => undefined;
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export async function startApi(hookwave: ApiHookwave, options: ApiOptions = {}): Promise<Api> {
  const { delivers = true, isOpenToOthers = false, logger = SILENT } = options;
  const settings = { ...SETTINGS, ...options.settings };
  const { consoleFolder } = options;
  const folder = consoleFolder === undefined ? {} : { consoleFolder };
  const server = createApiServer({ hookwave, logger, delivers, isOpenToOthers, settings, ...folder });
  const url = await server.listen("127.0.0.1", options.port ?? 0).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  return { url, close: server.close, [Symbol.asyncDispose]: server.close };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed if it is JSON, else text. */
  readonly body: unknown;
  readonly text: string;
}

/** Of an answer that goes on, its beginning. */
export async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const leaving = new AbortController();
  const response = await fetch(url, { signal: leaving.signal, ...init });
  const goesOn = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const text = goesOn ? await beginningOf(response) : await response.text();
  if (goesOn) leaving.abort();
  const isJson = /^application\/(?:problem\+)?json/.test(response.headers.get("content-type") ?? "");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text, text };
}

async function beginningOf({ body }: Response): Promise<string> {
  for await (const chunk of body ?? []) return new TextDecoder().decode(chunk);
  return "";
}

/** Sends a JSON body, or none, with any method. */
export function send(api: Api, method: string, path: string, body?: unknown): Promise<Answer> {
  if (body === undefined) return ask(`${api.url}${path}`, { method });
  const headers = { "content-type": "application/json" };
  return ask(`${api.url}${path}`, { method, headers, body: JSON.stringify(body) });
}

export function publish(
  api: Api,
  body: string | Buffer<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
  query = "",
): Promise<Answer> {
  const all = { "content-type": "application/json", ...headers };
  return ask(`${api.url}/api/v1/events${query}`, { method: "POST", headers: all, body });
}

/** POSTs JSON text, or nothing at all. */
export function post(api: Api, path: string, body?: string): Promise<Answer> {
  const json = body === undefined ? {} : { headers: { "content-type": "application/json" }, body };
  return ask(`${api.url}${path}`, { method: "POST", ...json });
}
