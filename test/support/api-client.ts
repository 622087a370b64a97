/** Asks an API in JSON, below /api/v1, and knows what its refusals look like. */
import { type Answer, type Api, ask } from "./api.ts";

export interface ApiClient {
  readonly get: (path: string) => Promise<Answer>;
  readonly send: (method: string, path: string, body?: unknown) => Promise<Answer>;
}

export function clientOf(api: Api): ApiClient {
  const urlOf = (path: string): string => `${api.url}/api/v1${path}`;
  return {
    get: (path) => ask(urlOf(path)),
    send: (method, path, body) => {
      if (body === undefined) return ask(urlOf(path), { method });
      const headers = { "content-type": "application/json" };
      return ask(urlOf(path), { method, headers, body: JSON.stringify(body) });
    },
  };
}

/** To be matched against an answer. */
export const refused = (status: number, code: string) => ({ status, body: { status, code } });
