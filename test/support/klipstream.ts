/** A service that answers the KlipStream API's clients, and what such a client sends. */
import { type Answer, type Api, send, startApi } from "./api.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { startHookwave, startRedis, type TestHookwave } from "./service.ts";

export const SECRET = "the client's own secret";

export interface Compat extends AsyncDisposable {
  readonly hookwave: TestHookwave;
  readonly api: Api;
  readonly receiver: Receiver;
}

export async function startCompat(): Promise<Compat> {
  const stack = new AsyncDisposableStack();
  const receiver = stack.use(await startReceiver());
  const hookwave = stack.use(await startHookwave(stack.use(await startRedis())));
  const api = stack.use(await startApi(hookwave, { settings: { klipstreamCompat: true } }));
  return { hookwave, api, receiver, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Its literal body. */
export const registration = (url: string, changed: object = {}): object => ({
  url,
  events: ["job.completed", "job.failed"],
  secret: SECRET,
  headers: { "X-Client": "42" },
  timeout_seconds: 30,
  max_retries: 3,
  ...changed,
});

export const register = (api: Api, url: string, changed?: object): Promise<Answer> =>
  send(api, "POST", "/api/v1/webhooks/?webhook_id=kl1", registration(url, changed));
