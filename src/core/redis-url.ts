/**
 * The address of a Redis as it may be written. It guesses nothing: what it cannot read whole is refused, because the rest
 * may be a piece of a password, and no part that is missing turns into localhost.
 */

/** A host, without the brackets that URLs write IPv6 in. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisAddress {
  /** Nodes: the Redis itself, or the sentinels or members of a Cluster that know which one it is. */
  readonly kind: "single" | "sentinel" | "cluster";
  readonly isEncrypted: boolean;
  readonly nodes: readonly RedisNode[];
  /** The name by which the sentinels know it; null for a single one. */
  readonly master: string | null;
  readonly db: number;
  /** Null where it asks for none. */
  readonly login: Login;
  /** The same of the sentinels. */
  readonly sentinelLogin: Login;
  /** The only kind of address that a name may lead to: 4 or 6. */
  readonly family: number | null;
}

interface Login {
  readonly user: string | null;
  readonly password: string | null;
}

export const REDIS_URL_IN_WORDS =
  "a URL like redis://host:port/database, or rediss:// with TLS, or redis+sentinel://host:port,host:port/master/database, or redis+cluster://host:port,host:port";

export const REDIS_URL_REMEDY =
  "write it like redis://localhost:6379, rediss://user:password@host:6380/0 with TLS, redis+sentinel://host1:26379,host2:26379/mymaster/0 with the port of each sentinel and the master's name, redis+cluster://host1:7000,host2:7001 with the port of each node and no database but 0; percent-encode %, #, /, ?, @ and : in user and password";

const PORT = 6_379;
const FORM =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#\s]*)@)?([^@/?#\s]+)(\/[^?#\s]*)?(?:\?([^#\s]*))?$/;

/** Options that may stand behind "?"; anything else is the rest of a password that was not encoded. */
const OPTIONS = ["family", "username", "password"];

interface Kind {
  readonly nodesOf: (hosts: string) => readonly (RedisNode | null)[];
  /** Master and database. */
  readonly path: RegExp;
  readonly options: readonly string[];
}

const KINDS: Readonly<Record<RedisAddress["kind"], Kind>> = {
  single: {
    nodesOf: (host) => [host.includes(",") ? null : nodeOf(host)],
    path: /^\/?(?<db>\d{0,5})$/,
    options: OPTIONS,
  },
  sentinel: {
    nodesOf: (hosts) => hosts.split(",").map(nodeWithPort),
    // A name of digits only is the database of somebody who has forgotten the name.
    path: /^\/(?!\d+(?:\/|$))(?<master>[\w.-]+)(?:\/(?<db>\d{0,5}))?$/,
    options: [...OPTIONS, "sentinelUsername", "sentinelPassword"],
  },
  cluster: {
    nodesOf: (hosts) => hosts.split(",").map(nodeWithPort),
    path: /^\/?(?<db>0?)$/,
    options: OPTIONS,
  },
};

export function readRedisUrl(text: string): RedisAddress | null {
  const [whole, scheme, several, credentials = "", hosts = "", path = "", query = ""] = FORM.exec(text) ?? [];
  if (whole === undefined) return null;
  const kind = several === undefined ? "single" : several === "cluster" ? "cluster" : "sentinel";
  const { nodesOf, path: itsPath, options: known } = KINDS[kind];
  const options = new URLSearchParams(query);
  const option = (name: string): string | null => options.get(name) || null;
  const nodes = nodesOf(hosts).filter((node) => node !== null);
  const login = loginOf(credentials, option);
  const place = itsPath.exec(path)?.groups;
  const family = option("family");
  const isWhole =
    nodes.length === nodesOf(hosts).length && [...options.keys()].every((name) => known.includes(name));
  if (!isWhole || login === null || place === undefined || (family !== null && !/^[46]$/.test(family)))
    return null;
  return {
    kind,
    isEncrypted: scheme === "rediss",
    nodes,
    master: place["master"] ?? null,
    db: Number(place["db"] ?? 0),
    login,
    sentinelLogin: { user: option("sentinelUsername"), password: option("sentinelPassword") },
    family: family === null ? null : Number(family),
  };
}

/** As it may be shown: without user, password and options, which may hold another password. */
export function shownRedisUrl(text: string): string {
  const [whole, scheme, several, , hosts, path = ""] = FORM.exec(text) ?? [];
  if (whole === undefined) return "a Redis URL that cannot be read";
  return `${scheme}${several === undefined ? "" : `+${several}`}://${hosts}${path}`;
}

function nodeOf(text: string): RedisNode | null {
  const url = URL.parse(`redis://${text}`);
  if (url === null || url.hostname === "" || url.port === "0") return null;
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || PORT) };
}

/** Of several, each says its port: those of sentinels and of nodes differ, and none is guessed. */
const nodeWithPort = (text: string): RedisNode | null => (/:\d+$/.test(text) ? nodeOf(text) : null);

function loginOf(credentials: string, option: (name: string) => string | null): Login | null {
  const [, user = "", password = ""] = /^([^:]*)(?::(.*))?$/s.exec(credentials) ?? [];
  const [itsUser, itsPassword] = [decoded(user), decoded(password)];
  if (itsUser === null || itsPassword === null) return null;
  return { user: itsUser || option("username"), password: itsPassword || option("password") };
}

/** Null for what is not percent-encoded as it should be. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
