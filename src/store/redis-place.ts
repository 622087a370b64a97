/**
 * A Redis by its place and the way in, out of a URL or of a connection that a program has already. Of that one only what
 * leads there is taken: how it waits, repeats and reads is each role's own (redis.ts), and it is never used itself.
 */
import type { RedisOptions } from "ioredis";
import { HookwaveError } from "../core/errors.ts";
import { REDIS_URL_IN_WORDS, REDIS_URL_REMEDY, type RedisAddress, readRedisUrl } from "../core/redis-url.ts";
import type { ClusterPlace } from "./slot-owner.ts";

/** Options of ioredis that say where Redis is, and who asks. */
const LEADING = [
  "host",
  "port",
  "path",
  "family",
  "username",
  "password",
  "db",
  "tls",
  "keepAlive",
  "noDelay",
  "Connector",
  "sentinels",
  "name",
  "sentinelUsername",
  "sentinelPassword",
  "sentinelTLS",
  "enableTLSForSentinelMode",
  "sentinelRetryStrategy",
  "sentinelReconnectStrategy",
  "sentinelCommandTimeout",
  "sentinelMaxConnections",
  "updateSentinels",
  "natMap",
  "disableClientInfo",
] as const satisfies readonly (keyof RedisOptions)[];

export interface RedisPlace extends Readonly<Pick<RedisOptions, (typeof LEADING)[number]>> {
  /** Instead of host and port. */
  readonly cluster?: ClusterPlace;
}

/** As the settings have them, PEM; null for none. Only `rediss://` asks for them. */
export interface RedisCertificates {
  readonly redisTlsCa: string | null;
  readonly redisTlsCert: string | null;
  readonly redisTlsKey: string | null;
}

/** Settings of a URL; the keys that all start with `prefix` have one slot in a Cluster. */
export interface PlaceSettings extends RedisCertificates {
  readonly prefix: string;
}

/** Throws CONFIG_INVALID for what is no such URL. */
export function placeAt(url: string, settings: PlaceSettings): RedisPlace {
  const address = readRedisUrl(url);
  if (address === null) {
    const got = `a hidden value of ${url.length} characters`;
    throw new HookwaveError("CONFIG_INVALID", {
      expected: REDIS_URL_IN_WORDS,
      got,
      remedy: REDIS_URL_REMEDY,
    });
  }
  const { db, login, family, isEncrypted } = address;
  const tls = isEncrypted ? tlsOf(settings) : null;
  return {
    db,
    ...(login.user !== null && { username: login.user }),
    ...(login.password !== null && { password: login.password }),
    ...(family !== null && { family }),
    ...(tls !== null && { tls }),
    ...(address.kind === "sentinel" && sentinelsOf(address, tls)),
    ...(address.kind === "cluster" && { cluster: { nodes: address.nodes, key: settings.prefix } }),
    ...(address.kind === "single" && address.nodes[0]),
  };
}

/** Of the legacy bus, whose list and channel lie anywhere in a Cluster. Throws CONFIG_INVALID. */
export function busPlaceAt(url: string, settings: PlaceSettings): RedisPlace {
  const place = placeAt(url, settings);
  if (place.cluster !== undefined) throw busInCluster();
  return place;
}

export function busInCluster(): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: "a Redis that is no Cluster for the legacy bus: its keys have no slot in common",
    got: "redis+cluster://",
    remedy: "name another one in LEGACY_REDIS_URL, or with --from",
  });
}

/** A sentinel that hangs is left for the next one. */
const SENTINEL_PATIENCE_MS = 1_000;

function sentinelsOf(
  { nodes, master, sentinelLogin, family }: RedisAddress,
  tls: ReturnType<typeof tlsOf> | null,
) {
  const { user, password } = sentinelLogin;
  return {
    sentinels: nodes.map((node) => ({ ...node, ...(family !== null && { family }) })),
    ...(master !== null && { name: master }),
    ...(user !== null && { sentinelUsername: user }),
    ...(password !== null && { sentinelPassword: password }),
    sentinelCommandTimeout: SENTINEL_PATIENCE_MS,
    ...(tls !== null && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

function tlsOf({ redisTlsCa: ca, redisTlsCert: cert, redisTlsKey: key }: RedisCertificates) {
  return { ...(ca !== null && { ca }), ...(cert !== null && { cert }), ...(key !== null && { key }) };
}

/** An instance of ioredis, of any version, or the options that one would be made with. */
export type RedisConnection =
  | { readonly options: object; readonly duplicate: (...words: never[]) => unknown }
  | RedisOptions;

/** Of one without problems. */
export function placeOf(connection: RedisConnection): RedisPlace {
  const options = optionsOf(connection);
  const given = LEADING.map((name) => [name, Reflect.get(options, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => (value ?? null) !== null));
}

/** Expectation, what came and a remedy; null for one that leads to a Redis which may be used. Never shows a password. */
export function connectionProblem(connection: unknown): string | null {
  const expected = "expected an ioredis instance or its options";
  if (typeof connection !== "object" || connection === null || Array.isArray(connection))
    return `${expected}, got ${connection === null ? "null" : typeof connection}; or give redisUrl`;
  if (Reflect.get(connection, "isCluster") === true)
    return `${expected}, got a Cluster; give redisUrl: redis+cluster://host:port,host:port`;
  const options = optionsOf(connection);
  const of = (name: string): unknown => Reflect.get(options, name) ?? null;
  if (["host", "path", "sentinels", "Connector"].every((name) => of(name) === null))
    return `${expected}, got none of host, path and sentinels; say where Redis is: nothing turns into localhost by itself`;
  if (of("keyPrefix") !== null && of("keyPrefix") !== "")
    return "expected a connection without keyPrefix, got one, which would be put before names in BullMQ's scripts too; leave it out, and give the option prefix";
  if (of("readOnly") === true || of("role") === "slave")
    return "expected a connection that writes, got one to a replica; leave out readOnly and role";
  return null;
}

/** The place of a connection as a URL that may be shown: without user and password. */
export function shownPlace(place: RedisPlace): string {
  const { host = "localhost", port = 6_379, db = 0, path, sentinels, name, tls, cluster } = place;
  const scheme = tls === undefined ? "redis" : "rediss";
  if (typeof path === "string") return `unix:${path}`;
  if (cluster !== undefined)
    return `${scheme}+cluster://${cluster.nodes.map((node) => `${node.host}:${node.port}`).join(",")}`;
  return `${scheme}://${Array.isArray(sentinels) ? (name ?? "sentinels") : `${host}:${port}`}/${db}`;
}

function optionsOf(connection: object): object {
  const options: unknown = Reflect.get(connection, "options");
  const isInstance = typeof Reflect.get(connection, "duplicate") === "function";
  return isInstance && typeof options === "object" && options !== null ? options : connection;
}
