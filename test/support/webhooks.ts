/** A service with its API, for tests of webhooks over HTTP. */
import { expect } from "vitest";
import { type Answer, type Api, send, startApi } from "./api.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "./service.ts";

export const WEBHOOKS = "/api/v1/webhooks";
export const URL_OF_NOBODY = "http://127.0.0.1:3000/hook";

export interface WebhookService extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly hookwave: TestHookwave;
  readonly api: Api;
  /** Makes one that differs from the default in these fields; resolves with its id. */
  readonly make: (fields?: object) => Promise<string>;
}

export async function startWebhookService(
  options: Parameters<typeof startHookwave>[1] = {},
): Promise<WebhookService> {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await startRedis());
  const hookwave = stack.use(await startHookwave(redis, options));
  const api = stack.use(await startApi(hookwave));
  return {
    redis,
    hookwave,
    api,
    make: async (fields = {}) => {
      const made = await send(api, "POST", WEBHOOKS, { url: URL_OF_NOBODY, ...fields });
      expect(made.status).toBe(201);
      return String(fieldOf(made, "id"));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export const fieldOf = ({ body }: Answer, name: string): unknown => Object(body)[name];

/** JSON pointers of all that is wrong with it, in order. */
export const pointersOf = (answer: Answer): readonly string[] =>
  Array.from(Object(fieldOf(answer, "errors")), (one) => Object(one).pointer).toSorted();
