/**
 * News of changes for a fleet: a pub/sub message at once, and a poll every second as the safety net, because pub/sub
 * forgets whoever was reconnecting. Carries news only; the truth is read again from where it is kept.
 */
import { asEndpointId, type EndpointId } from "../core/brand.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import type { Keys } from "./keys.ts";
import type { Redis } from "./redis.ts";

interface ChangeListener {
  /** `version` is that of all endpoints after this change. */
  readonly endpointChanged: (id: EndpointId, version: number) => Promise<void>;
  readonly breakersChanged: () => Promise<void>;
  readonly keysChanged: () => Promise<void>;
  readonly migrationChanged: () => Promise<void>;
  /** Once a second: catch up with whatever was missed. */
  readonly catchUp: () => Promise<void>;
}

const POLL_MS = 1_000;
const ENDPOINT_NEWS = "endpoint:";
const BREAKER_NEWS = "breakers";
const KEY_NEWS = "api-keys";
const MIGRATION_NEWS = "migration";

/** The version is to follow. */
export const endpointNews = (id: EndpointId): string => `${ENDPOINT_NEWS}${id}:`;
export const breakerNews = BREAKER_NEWS;
export const keyNews = KEY_NEWS;
export const migrationNews = MIGRATION_NEWS;

/** Starts listening; the returned function stops, and the caller then closes the connection. */
export async function watchChanges(
  watcher: Redis,
  keys: Keys,
  listener: ChangeListener,
  tell: Tell,
): Promise<() => void> {
  const fail = tellFailure(tell, "watch_changes");
  const attempt = (work: Promise<void>): void => void work.catch(fail);
  const onMessage = (_channel: string, news: string): void => {
    if (news.startsWith(ENDPOINT_NEWS)) {
      const [id = "", version] = news.slice(ENDPOINT_NEWS.length).split(":");
      attempt(listener.endpointChanged(asEndpointId(id), Number(version)));
    }
    if (news === BREAKER_NEWS) attempt(listener.breakersChanged());
    if (news === KEY_NEWS) attempt(listener.keysChanged());
    if (news === MIGRATION_NEWS) attempt(listener.migrationChanged());
  };
  watcher.on("message", onMessage);
  await watcher.subscribe(keys.changes);
  // A connection that only listens sends nothing, and would never learn that it is dead, or that its server has become a
  // replica: that one refuses a write, also where there is nothing to delete. One that is being replaced is not asked
  // again each second, or the questions would pile up.
  const askForLife = (): void => {
    if (watcher.status === "ready") attempt(watcher.del(keys.nothing).then(() => undefined));
  };
  const poll = setInterval(() => {
    askForLife();
    attempt(listener.catchUp());
  }, POLL_MS);
  poll.unref();
  return () => {
    clearInterval(poll);
    watcher.off("message", onMessage);
  };
}
