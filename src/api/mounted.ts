/**
 * The API inside another program's server: handed requests, and never listening itself. It is the same as the service's
 * listener has, an application of its own, so that nothing of it leaks into the program, nor the other way round.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setBasePath } from "./mount-place.ts";
import type { MountableHookwave } from "./ports.ts";
import { createApi } from "./server.ts";

interface MountedApi {
  /** Rejects when the API cannot be made ready, with the reason. */
  readonly ready: () => Promise<void>;
  /** Answers a request whose URL is below `basePath` already. Rejects as `ready` does. */
  readonly serve: (request: IncomingMessage, response: ServerResponse, basePath: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export function mountApi(hookwave: MountableHookwave): MountedApi {
  const app = createApi({ ...hookwave.mounting, hookwave, isOpenToOthers: "by request" });
  const ready = async (): Promise<void> => void (await app.ready());
  return {
    ready,
    serve: async (request, response, basePath) => {
      await ready();
      setBasePath(request, basePath);
      app.routing(request, response);
    },
    close: () => app.close(),
  };
}

/** The rest of a URL below a path; null for one that is not below it. */
export function urlBelow(basePath: string, url: string): string | null {
  const path = basePath.replace(/\/+$/, "");
  if (!url.startsWith(path)) return null;
  const rest = url.slice(path.length);
  if (rest === "" || rest.startsWith("?")) return `/${rest}`;
  return rest.startsWith("/") ? rest : null;
}

/** The path itself without a slash at its end: what is relative on its pages would lead elsewhere. Null for any other. */
export function withSlash(basePath: string, originalUrl: string): string | null {
  const [path = "", query] = originalUrl.split("?", 2);
  if (basePath === "" || path !== basePath) return null;
  return `${path.slice(path.lastIndexOf("/") + 1)}/${query === undefined ? "" : `?${query}`}`;
}
