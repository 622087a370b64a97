/**
 * A command's way to the service: through its API, and so by its rules. With `--redis` that API is opened in this
 * process, straight on the Redis; the command does not know the difference.
 */
import { type Config, readEnvironment } from "../config/environment.ts";
import { baseUrl } from "../config/forms.ts";
import { HookwaveError } from "../core/errors.ts";
import { isLoopbackName } from "../core/loopback.ts";
import { readRedisUrl } from "../core/redis-url.ts";
import {
  type ApiAddress,
  type ApiClient,
  type ApiRequest,
  createApiClient,
  type Shape,
} from "./api-client.ts";
import { type Invocation, usage } from "./command-line.ts";

/**
 * Throws USAGE and CONFIG_INVALID before anything is asked. `needsSealingKey` says that endpoints are read or written:
 * straight on a Redis, that takes the service's own encryption key.
 */
export async function withApi<Result>(
  asked: Invocation,
  use: (api: ApiClient) => Promise<Result>,
  needsSealingKey = false,
): Promise<Result> {
  const config = readEnvironment();
  const redisUrl = redisUrlOf(asked);
  if (redisUrl === undefined) return await use(createApiClient(addressOf(asked, config)));
  const { openOwnApi } = await import("../process/own-api.ts");
  const own = await openOwnApi({ config, redisUrl, needsSealingKey });
  try {
    return await use(createApiClient(own));
  } finally {
    await own.close();
  }
}

/** For a command that asks once. */
export function askApi<Answer>(
  asked: Invocation,
  request: ApiRequest,
  shape: Shape<Answer>,
  needsSealingKey = false,
): Promise<Answer> {
  return withApi(asked, (api) => api.ask(request, shape), needsSealingKey);
}

export function redisUrlOf(asked: Invocation): string | undefined {
  const redisUrl = asked.one("redis");
  if (redisUrl === undefined) return undefined;
  if (asked.has("api")) throw usage("--api or --redis", "both");
  if (readRedisUrl(redisUrl) !== null) return redisUrl;
  throw usage("--redis with a URL like redis://localhost:6379", "something else");
}

export function addressOf(asked: Invocation, config: Config): ApiAddress {
  const url = apiUrlOf(asked) ?? config.apiUrl ?? `http://127.0.0.1:${config.port}`;
  const { protocol, hostname } = new URL(url);
  if (protocol === "http:" && !isLoopbackName(hostname) && !config.allowHttp) throw unprotected(hostname);
  return { url: url.replace(/\/+$/, ""), key: config.apiKey };
}

function apiUrlOf(asked: Invocation): string | undefined {
  const text = asked.one("api");
  const { expected, schema } = baseUrl();
  if (text === undefined || schema.safeParse(text).success) return text;
  throw usage(`--api with ${expected}`, "something else");
}

function unprotected(hostname: string): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: `https for ${hostname}, because the API key and new secrets go there`,
    got: "http, which anyone on the way can read",
    remedy: "name the service with https://, or set ALLOW_HTTP=true where nobody is on the way",
  });
}
