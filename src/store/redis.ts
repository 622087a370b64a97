/**
 * Connections to Redis, each tuned for who uses it; the only place that opens one.
 * A producer must fail within its caller's patience (trap 8); a confirmer is one that is kept waiting by Redis
 * until a write is safe. A worker must wait an outage out and be back within a second of its end (trap 9). A
 * watcher only listens. An inspector asks a server that may still be loading its files.
 */
import { Redis, type RedisOptions } from "ioredis";
import { HookwaveError } from "../core/errors.ts";
import { isDemoted, isElsewhere, isUnanswered, redisWord, refusalByRedis } from "../core/redis-replies.ts";
import { refusalByTls } from "./redis-certificates.ts";
import { placeAt, type RedisPlace } from "./redis-place.ts";
import { type Connectors, type ListenToSentinels, sentinelConnector } from "./sentinels.ts";
import { type AskNode, slotConnector } from "./slot-owner.ts";

export type { Redis } from "ioredis";

type RedisRole = "producer" | "confirmer" | "worker" | "watcher" | "inspector" | "bus";

const RECONNECT_MAX_MS = 1_000;
const COMMAND_TIMEOUT_MS = 900;
const STORE_COMMAND_TIMEOUT_MS = 5_000;
/**
 * A connection on which an answer is due and nothing comes is dead, however open it looks: a firewall that forgot
 * about it says nothing, and TCP itself goes on hoping for a quarter of an hour. What was written to it would also
 * pile up in memory. Longer than a worker waits for jobs (queue/durable-worker.ts).
 */
const SILENCE_MAX_MS = 5_000;
const PRODUCER_SILENCE_MAX_MS = 2_000;
/** Longer than Redis may take to write to its disk (confirmation.ts). */
const CONFIRMER_PATIENCE_MS = 3_000;

const reconnectInMs = (times: number): number => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MAX_MS);

// Nothing is queued or sent again behind the caller's back: a refused publish is refused.
const PRODUCER: RedisOptions = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: PRODUCER_SILENCE_MAX_MS,
};

const OPTIONS: Readonly<Record<RedisRole, RedisOptions>> = {
  producer: PRODUCER,
  confirmer: { ...PRODUCER, commandTimeout: CONFIRMER_PATIENCE_MS, socketTimeout: CONFIRMER_PATIENCE_MS },
  worker: { maxRetriesPerRequest: null, connectTimeout: SILENCE_MAX_MS, socketTimeout: SILENCE_MAX_MS },
  watcher: {
    maxRetriesPerRequest: null,
    commandTimeout: STORE_COMMAND_TIMEOUT_MS,
    connectTimeout: SILENCE_MAX_MS,
    socketTimeout: SILENCE_MAX_MS,
  },
  // Somebody else's Redis: nothing may pile up here while it is away.
  bus: PRODUCER,
  inspector: { maxRetriesPerRequest: null, enableReadyCheck: false },
};

/** A URL alone: what its certificates and keys are, nobody has said. */
const PLAIN = { redisTlsCa: null, redisTlsCert: null, redisTlsKey: null, prefix: "{hookwave}" };

/** `onError` hears connection troubles; ioredis itself goes on reconnecting. A text is a URL without certificates. */
export function connectRedis(
  place: RedisPlace | string,
  role: RedisRole,
  onError: (error: Error) => void,
): Redis {
  const leading = typeof place === "string" ? placeAt(place, PLAIN) : place;
  const isLost = leading.cluster === undefined ? isDemoted : isElsewhere;
  const redis = new Redis({
    ...ledToMaster(leading),
    ...OPTIONS[role],
    retryStrategy: reconnectInMs,
    // Connections to a replica are made anew, their name looked up again (trap 40). BullMQ's copies have it, too.
    reconnectOnError: isLost,
    connectionName: `hookwave-${role}`,
    replyMapping: "legacy",
  });
  redis.on("error", (error: Error) => onError(reasonOf(redis, error) ?? error));
  redis.on("ready", () => reasons.delete(redis));
  heedReplies(redis, siblingsAt(place, redis), isLost);
  // The other connectors refuse a replica by themselves; an inspector wants to see it.
  if (redis.options.Connector === undefined && role !== "inspector") leaveReplica(redis);
  return redis;
}

/** The reason why there is no connection, until there is one: whoever waits for it is told. */
const reasons = new WeakMap<Redis, HookwaveError>();

/** An error of ours for one of the way to Redis, by TLS or by sentinels; null for every other. */
function reasonOf(redis: Redis, error: Error): HookwaveError | null {
  const { tls } = redis.options;
  const state = { isShakenHands: redis.status === "connect", hasCertificate: tls?.cert !== undefined };
  const reason =
    error instanceof HookwaveError ? error : tls === undefined ? null : refusalByTls(error, state);
  if (reason !== null) reasons.set(redis, reason);
  return reason;
}

/** The classes of connectors that lead to a master, by its place. */
const connectors = new WeakMap<RedisPlace, Connectors>();

/** Options of a connection to whoever is the master; a program's own connection may have a connector of its own. */
function ledToMaster(place: RedisPlace): RedisOptions {
  const { cluster, ...leading } = place;
  const Connector = place.Connector ?? connectors.get(place) ?? connectorOf(place);
  if (Connector === undefined) return leading;
  connectors.set(place, Connector);
  return { ...leading, Connector };
}

function connectorOf(place: RedisPlace): Connectors | undefined {
  if (place.cluster !== undefined) return slotConnector(place.cluster, askNodeOf(place));
  return Array.isArray(place.sentinels) ? sentinelConnector(place, listenToSentinels) : undefined;
}

/** A question to one node of a Cluster, which may be gone: the others are asked instead of waiting for it. */
function askNodeOf({ username, password, tls, family }: RedisPlace): AskNode {
  return async (node, commands) => {
    const redis = new Redis({
      ...node,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls }),
      ...(family !== undefined && { family }),
      ...{ enableReadyCheck: false, connectTimeout: COMMAND_TIMEOUT_MS, commandTimeout: COMMAND_TIMEOUT_MS },
      retryStrategy: () => null,
      connectionName: "hookwave-cluster",
    });
    let trouble: Error | null = null;
    let isShakenHands = false;
    redis.on("connect", () => {
      isShakenHands = true;
    });
    redis.on("error", (error: Error) => {
      const state = { isShakenHands, hasCertificate: tls?.cert !== undefined };
      trouble = (tls === undefined ? null : refusalByTls(error, state)) ?? error;
    });
    try {
      return await Promise.all(commands.map(([name = "", ...args]) => redis.call(name, ...args)));
    } catch (error) {
      throw trouble ?? error;
    } finally {
      redis.disconnect();
    }
  };
}

const listenToSentinels: ListenToSentinels = (options, channel, hear) => {
  const { sentinels = [], sentinelUsername: user, sentinelPassword: password, sentinelTLS: tls } = options;
  const ears = sentinels.map((node) => {
    const ear = new Redis({
      ...node,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls }),
      ...{ enableReadyCheck: false, maxRetriesPerRequest: null, connectTimeout: SILENCE_MAX_MS },
      retryStrategy: reconnectInMs,
      connectionName: "hookwave-sentinel",
    });
    // A sentinel that is away is missed where it is asked, if it is.
    ear.on("error", () => undefined);
    ear.on("message", (_channel: string, message: string) => hear(message));
    ear.subscribe(channel).catch(() => undefined);
    return ear;
  });
  return {
    close: () => {
      for (const ear of ears) ear.disconnect();
    },
  };
};

/** Connections of this process by where they lead. */
const open = new Map<RedisPlace | string, Set<Redis>>();

function siblingsAt(place: RedisPlace | string, redis: Redis): ReadonlySet<Redis> {
  const siblings = open.get(place) ?? new Set();
  open.set(place, siblings.add(redis));
  redis.once("end", () => {
    siblings.delete(redis);
    if (siblings.size === 0) open.delete(place);
  });
  return siblings;
}

/**
 * Every reply of redis-replies.ts reaches whoever asked as an error of ours, those of pipelines as well. And where one
 * connection hears that its server is demoted, all of that address leave: one that only reads would never hear it, and
 * read what is old.
 */
function heedReplies(redis: Redis, siblings: ReadonlySet<Redis>, isLost: (error: unknown) => boolean): void {
  const settle = redis.handleReconnection.bind(redis);
  redis.handleReconnection = (error, item) => {
    if (isLost(error)) for (const one of siblings) if (one !== redis && isAtServer(one)) one.disconnect(true);
    settle(refusalByRedis(error) ?? error, item);
  };
}

/** One that is only being made asks its server for its role itself. */
const isAtServer = ({ status }: Redis): boolean => status === "connect" || status === "ready";

const REPLICA_LEFT_AFTER_MS = 1_000;

/**
 * A connection that was made to a replica is made anew a moment later, until its address leads to a master: it may have
 * come just after the others had left, and if it asks for nothing, nobody would ever tell it.
 */
function leaveReplica(redis: Redis): void {
  let leaving: NodeJS.Timeout | undefined;
  redis.on("close", () => clearTimeout(leaving));
  redis.on("ready", () => {
    // An answer that does not come is a connection that will be made anew, and ask again.
    const told = redis.info("replication").catch(() => "");
    void told.then((role) => {
      clearTimeout(leaving);
      if (redis.status !== "ready" || !/^role:slave/m.test(role)) return;
      leaving = setTimeout(() => redis.disconnect(true), REPLICA_LEFT_AFTER_MS);
      leaving.unref();
    });
  });
}

/** For a caller that should be answered within a second, with some time for the answer. */
const FIRST_CONNECTION_PATIENCE_MS = 900;

/**
 * Waits for a first connection, `patienceMs` at the most. A connection that has been lost, or refused once, is
 * known to be down: that is said at once instead of spending the caller's patience again.
 */
export async function untilReady(redis: Redis, patienceMs = FIRST_CONNECTION_PATIENCE_MS): Promise<void> {
  if (redis.status === "ready") return;
  const reason = reasons.get(redis);
  if (reason !== undefined) throw reason;
  const firstConnect = redis.status === "connecting" || redis.status === "connect" || redis.status === "wait";
  if (!firstConnect) throw unready(redis, `a connection that is ${redis.status}`);
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => tooLate.reject(unready(redis, `no connection within ${patienceMs} ms`)),
    patienceMs,
  );
  try {
    await Promise.race([connection(redis), tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const unready = (redis: Redis, got: string): HookwaveError => reasons.get(redis) ?? redisUnavailable(got);

const awaited = new WeakMap<Redis, Promise<void>>();

/** One pair of listeners for all who wait: one for each of hundreds would look like a leak, to Node as well. */
function connection(redis: Redis): Promise<void> {
  const known = awaited.get(redis);
  if (known !== undefined) return known;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const finish = (settle: () => void): void => {
    redis.off("ready", onReady);
    redis.off("close", onClose);
    redis.off("error", onClose);
    awaited.delete(redis);
    settle();
  };
  const onReady = (): void => finish(resolve);
  const onClose = (): void => finish(() => reject(unready(redis, "a connection that was refused or closed")));
  redis.once("ready", onReady);
  redis.once("close", onClose);
  // Sentinels are asked again and again within one connection.
  redis.once("error", onClose);
  // The caller may have lost patience before.
  promise.catch(() => undefined);
  awaited.set(redis, promise);
  return promise;
}

/** Redis answered and would not; or there was no answer. */
export type RedisTrouble = "refused" | "unanswered";

/** Null for an error that is not the fault of Redis' present state. */
export function redisTrouble(error: unknown): RedisTrouble | null {
  if (!(error instanceof Error)) return null;
  if (redisWord(error) !== null) return "refused";
  return isUnanswered(error) ? "unanswered" : null;
}

export function redisUnavailable(got: string, cause?: unknown): HookwaveError {
  return new HookwaveError(
    "REDIS_UNAVAILABLE",
    {
      expected: "an acknowledgement from Redis",
      got,
      remedy: "check that Redis runs and REDIS_URL is right",
    },
    { cause },
  );
}
