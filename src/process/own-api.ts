/**
 * The API for a command that goes straight to Redis: the very one that the service has, opened in the command's own
 * process for as long as it runs, behind a key that nobody else knows. It delivers nothing; it works on no replay but
 * one that it is asked about, so that a command can follow its own to the end also where no worker runs.
 */
import { randomBytes } from "node:crypto";
import { createApiServer } from "../api/server.ts";
import { type Hookwave, openHookwave } from "../app.ts";
import type { Config } from "../config/environment.ts";
import { HookwaveError } from "../core/errors.ts";
import { shownRedisUrl } from "../core/redis-url.ts";
import { createLog, type Log } from "../observe/log.ts";
import { hasKey } from "../store/key-file.ts";

interface OwnApi {
  readonly url: string;
  readonly key: string;
  readonly close: () => Promise<void>;
}

interface OwnApiOptions {
  readonly config: Config;
  readonly redisUrl: string;
  /**
   * True when endpoints will be read or written. What is sealed with another key than the workers' stops their
   * deliveries, so it is then refused to open with another key, or with none: CONFIG_INVALID, SECRET_UNREADABLE.
   */
  readonly needsSealingKey: boolean;
}

const LOOPBACK = "127.0.0.1";
const PATIENCE_MS = 2_000;
const STANDARD_ERROR = 2;

/** Throws REDIS_UNAVAILABLE without an answer within two seconds, and DATA_NEWER; then nothing is left open. */
export async function openOwnApi(options: OwnApiOptions): Promise<OwnApi> {
  const { config, redisUrl } = options;
  const key = randomBytes(32).toString("hex");
  const encryptionKey = sealingKey(options);
  // Its requests are nobody's news; a bug is.
  const log = createLog({ level: "error", destination: STANDARD_ERROR });
  const closers = [log.close];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    const hookwave = await openHookwave({ ...config, redisUrl, encryptionKey, role: "api", apiKey: key });
    closers.push(hookwave.close);
    await hookwave.untilConnected(PATIENCE_MS).catch((cause: unknown) => {
      throw noAnswer(redisUrl, cause);
    });
    await hookwave.insistReadable();
    if (options.needsSealingKey) await insistOnSameKey(hookwave);
    const api = serve(hookwave, config, log);
    closers.push(api.close);
    return { url: await api.listen(LOOPBACK, 0), key, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function serve(hookwave: Hookwave, settings: Config, { logger }: Log) {
  const { replays, keys } = hookwave;
  // Changes are said to be made by a command, and not by whoever has the service's own first key.
  const check: typeof keys.check = (token) => {
    const caller = keys.check(token);
    return caller && { ...caller, keyId: "command", name: "command with --redis" };
  };
  const get = (id: string) => {
    replays.attend(id);
    return replays.get(id);
  };
  return createApiServer({
    hookwave: { ...hookwave, keys: { ...keys, check }, replays: { ...replays, get } },
    logger,
    delivers: false,
    isOpenToOthers: false,
    // A command has no browser.
    settings: { ...settings, console: false },
  });
}

/** The installation's; null for the one in the data directory. */
function sealingKey({ config, needsSealingKey }: OwnApiOptions): Buffer | null {
  if (config.encryptionKey !== null || hasKey(config.dataDir)) return config.encryptionKey;
  if (needsSealingKey) throw keyUnknown(config);
  // One that opens nothing: without any, one would be generated and kept.
  return randomBytes(32);
}

/** As a service does when it starts: it reads every endpoint, or refuses. */
async function insistOnSameKey({ endpoints }: Hookwave): Promise<void> {
  try {
    await endpoints.page({}, { after: null, limit: 1 });
  } catch (cause) {
    if (!(cause instanceof HookwaveError) || cause.code !== "SECRET_UNREADABLE") throw cause;
    const complaint = {
      expected: "the encryption key that the endpoints are sealed with",
      got: "another one",
      remedy: "set HOOKWAVE_ENCRYPTION_KEY, or HOOKWAVE_DATA_DIR, as the running service has it",
    };
    throw new HookwaveError("SECRET_UNREADABLE", complaint, { cause });
  }
}

function keyUnknown({ dataDir }: Config): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: "the encryption key of the service, in HOOKWAVE_ENCRYPTION_KEY or the data directory",
    got: `neither the variable nor a key in ${dataDir}`,
    remedy: "set the variable, or HOOKWAVE_DATA_DIR to the directory of the running service",
  });
}

/** A refusal by TLS says itself what to do. */
function noAnswer(redisUrl: string, cause: unknown): HookwaveError {
  if (cause instanceof HookwaveError && cause.cause !== undefined) return cause;
  return new HookwaveError(
    "REDIS_UNAVAILABLE",
    {
      expected: `an answer from ${shownRedisUrl(redisUrl)}`,
      got: cause instanceof HookwaveError ? cause.got : "none",
      remedy: "check that Redis runs there, or name another with --redis",
    },
    { cause },
  );
}
