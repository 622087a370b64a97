/**
 * Keeps an embedded Redis there for as long as a process needs it: one that ends is started again, on its port, with its
 * password and its data, so that every connection finds it. Of several processes on one directory any may do it
 * (decision 42).
 */
import { system } from "../config/system.ts";
import { HookwaveError } from "../core/errors.ts";
import { type Tell, tellFailure } from "../core/happening.ts";
import {
  type EmbeddedRedis,
  type EmbeddedRedisOptions,
  pauseUnless,
  startEmbeddedRedis,
} from "./embedded-redis.ts";

type KeptRedis = Pick<EmbeddedRedis, "url" | "stop">;

const FIRST_WAIT_MS = 100;
const WAIT_MAX_MS = 5_000;
/** A server that has run so long ends for another reason than the one before. */
const STEADY_MS = 60_000;

/** Throws REDIS_MISSING when there is no server to start; what fails later is told, and tried again. */
export async function keepEmbeddedRedis(options: EmbeddedRedisOptions, tell: Tell): Promise<KeptRedis> {
  const stopping = new AbortController();
  let server = await startEmbeddedRedis(options);
  const { url } = server;

  const keep = async (): Promise<void> => {
    let waitMs = FIRST_WAIT_MS;
    while (true) {
      const since = system.monotonicMs();
      const end = await server.untilEnded(stopping.signal);
      if (system.monotonicMs() - since >= STEADY_MS) waitMs = FIRST_WAIT_MS;
      await pauseUnless(stopping.signal, waitMs);
      if (stopping.signal.aborted) return;
      waitMs = Math.min(2 * waitMs, WAIT_MAX_MS);
      try {
        server = await startAgain(options, url);
        const notice = `the embedded Redis had ended (${end}); it runs again, with its data`;
        tell({ kind: "service.noticed", notice, detail: { end, pid: String(server.pid) } });
      } catch (error) {
        tellFailure(tell, "embedded_redis")(error);
      }
    }
  };

  const kept = keep();
  return {
    url,
    stop: async () => {
      stopping.abort();
      // Told at once, as the process may exit before anything else is done; and once more if it has just been started.
      const stopped = server.stop();
      await kept;
      await stopped;
      await server.stop();
    },
  };
}

/** Another process of the directory may have done it. */
async function startAgain(options: EmbeddedRedisOptions, url: string): Promise<EmbeddedRedis> {
  const { port, password } = new URL(url);
  const server = await startEmbeddedRedis({ ...options, port: Number(port), password });
  if (server.url === url) return server;
  throw new HookwaveError("REDIS_UNAVAILABLE", {
    expected: `the data directory's Redis on port ${port}`,
    got: `one on port ${new URL(server.url).port}, which another process has started`,
    remedy: "start this process again: it will find that one",
  });
}
