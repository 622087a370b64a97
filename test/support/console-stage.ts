/** A service with a receiver, its console, and a browser to look at it with: for the tests of a file, and gone with them. */
import type { Browser } from "playwright-core";
import { type Api, startApi } from "./api.ts";
import { builtConsole } from "./console-build.ts";
import { openBrowser } from "./person.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "./service.ts";

export interface ConsoleStage extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly hookwave: TestHookwave;
  readonly receiver: Receiver;
  readonly api: Api;
  readonly browser: Browser;
}

export async function openConsole(options: Parameters<typeof startHookwave>[1] = {}): Promise<ConsoleStage> {
  await using opening = new AsyncDisposableStack();
  const redis = opening.use(await startRedis());
  const receiver = opening.use(await startReceiver());
  const hookwave = opening.use(await startHookwave(redis, options));
  const api = opening.use(await startApi(hookwave, { consoleFolder: await builtConsole() }));
  const browser = opening.use(await openBrowser());
  const stage = opening.move();
  return { redis, hookwave, receiver, api, browser, [Symbol.asyncDispose]: () => stage.disposeAsync() };
}
