/**
 * The entry `hookwave/express`: the API under a path of an Express application, or of Node's own server. It comes before
 * body parsers, or behind one that keeps bytes; every other route of the application is as before.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { mountApi, urlBelow, withSlash } from "./mounted.ts";
import type { MountableHookwave } from "./ports.ts";

export type { MountableHookwave } from "./ports.ts";

export interface ExpressHookwaveOptions {
  readonly hookwave: MountableHookwave;
  /** For a server that does not take the path off the URL itself, as Node's own: what is not below it goes to `next`. */
  readonly prefix?: string;
}

/** A request as Express hands it to what is mounted under a path. */
interface MountedRequest extends IncomingMessage {
  readonly baseUrl?: string;
  originalUrl?: string;
}

export type ExpressHookwave = (
  request: MountedRequest,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** `app.use("/hookwave", expressHookwave({ hookwave }))`. `next` hears only of an API that cannot be made ready. */
export function expressHookwave({ hookwave, prefix = "" }: ExpressHookwaveOptions): ExpressHookwave {
  const api = mountApi(hookwave);
  return (request, response, next = refuse(response)) => {
    const { url = "/", baseUrl = "", originalUrl = url } = request;
    const below = urlBelow(prefix, url);
    if (below === null) return next();
    const basePath = `${baseUrl}${prefix.replace(/\/+$/, "")}`;
    const slashed = withSlash(basePath, originalUrl);
    if (slashed !== null && request.method === "GET") {
      response.writeHead(308, { location: slashed }).end();
      return;
    }
    request.originalUrl = originalUrl;
    request.url = below;
    api.serve(request, response, basePath).catch(next);
  };
}

/** Nobody comes after us. */
const refuse =
  (response: ServerResponse) =>
  (error?: unknown): void => {
    response.writeHead(error === undefined ? 404 : 500).end();
  };
