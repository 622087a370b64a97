/**
 * How a command reaches the service: through its Redis, as any process of the fleet does. The command itself
 * delivers nothing; it asks, changes, and lets go.
 */
import { randomBytes } from "node:crypto";
import { findRedis, shownRedisUrl } from "../app/redis-source.ts";
import { isSealingKeyKnown } from "../app/sealing-key.ts";
import { createHookwave, createPublisher, type Hookwave } from "../app.ts";
import { type Config, readEnvironment } from "../config/environment.ts";
import type { Durability } from "../core/durability.ts";
import { type ErrorSummary, HookwaveError } from "../core/errors.ts";
import type { Happening } from "../core/happening.ts";
import { type Invocation, usage } from "./command-line.ts";

type Publisher = ReturnType<typeof createPublisher>;

const PATIENCE_MS = 2_000;

/** What a command is given besides the service. */
export interface Access {
  readonly config: Config;
  /** Failures of ours that were told meanwhile, such as endpoints sealed with another key. */
  readonly troubles: readonly ErrorSummary[];
}

type Use<Result> = (hookwave: Hookwave, access: Access) => Promise<Result>;

/** For commands that need no endpoint's secrets; works without the encryption key, and leaves no file behind. */
export function withHookwave<Result>(asked: Invocation, use: Use<Result>): Promise<Result> {
  // A key that opens nothing: without one, createHookwave would generate and keep one.
  return visit({ ...configOf(asked), encryptionKey: randomBytes(32) }, use);
}

/**
 * For commands that read or write secrets. What is sealed with another key than the workers' stops their
 * deliveries, so without the service's own key this refuses (CONFIG_INVALID) instead of making one up.
 */
export async function withSealedHookwave<Result>(asked: Invocation, use: Use<Result>): Promise<Result> {
  const config = configOf(asked);
  if (!(await isSealingKeyKnown(config))) throw keyUnknown(config);
  return await visit(config, use);
}

/** `durability` is what was asked for on the command line, if anything was. */
export async function withPublisher<Result>(
  asked: Invocation,
  durability: Durability | undefined,
  use: (publisher: Publisher) => Promise<Result>,
): Promise<Result> {
  const config = configOf(asked);
  const { prefix, replicasMin, publishDurability } = config;
  const publisher = createPublisher({
    redisUrl: await findRedis(config),
    prefix,
    replicasMin,
    durability: durability ?? publishDurability,
  });
  try {
    return await use(publisher);
  } finally {
    await publisher.close();
  }
}

function configOf(asked: Invocation): Config {
  const config = readEnvironment();
  const redisUrl = asked.one("redis");
  if (redisUrl === undefined) return config;
  if (/^rediss?:$/.test(URL.parse(redisUrl)?.protocol ?? "")) return { ...config, redisUrl };
  throw usage("--redis with a URL like redis://localhost:6379", "something else");
}

async function visit<Result>(config: Config, use: Use<Result>): Promise<Result> {
  const troubles: ErrorSummary[] = [];
  const listen = (happening: Happening): void => {
    if (happening.kind === "service.failed") troubles.push(happening.error);
  };
  const redisUrl = await findRedis(config);
  const hookwave = await createHookwave({ ...config, redisUrl, listeners: [listen] });
  try {
    await hookwave.untilConnected(PATIENCE_MS).catch((cause: unknown) => {
      throw noAnswer(redisUrl, cause);
    });
    return await use(hookwave, { config, troubles });
  } finally {
    await hookwave.close();
  }
}

function keyUnknown({ dataDir }: Config): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: "the encryption key of the service, in HOOKWAVE_ENCRYPTION_KEY or the data directory",
    got: `neither the variable nor a key in ${dataDir}`,
    remedy: "set the variable, or HOOKWAVE_DATA_DIR to the directory of the running service",
  });
}

function noAnswer(redisUrl: string, cause: unknown): HookwaveError {
  return new HookwaveError(
    "REDIS_UNAVAILABLE",
    {
      expected: `an answer from ${shownRedisUrl(redisUrl)}`,
      got: cause instanceof HookwaveError ? cause.got : "none",
      remedy: "check that Redis runs there, or name another with --redis or REDIS_URL",
    },
    { cause },
  );
}
