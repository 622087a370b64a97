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
  readonly isEncrypted: boolean;
  readonly node: RedisNode;
  readonly db: number;
  /** Null where it asks for none. */
  readonly user: string | null;
  readonly password: string | null;
  /** The only kind of address that a name may lead to: 4 or 6. */
  readonly family: number | null;
}

export const REDIS_URL_IN_WORDS = "a URL like redis://host:port/database, or rediss:// with TLS";

export const REDIS_URL_REMEDY =
  "write it like redis://localhost:6379, rediss://user:password@host:6380/0 with TLS; percent-encode %, #, /, ?, @ and : in user and password";

const PORT = 6_379;
const FORM = /^(rediss?):\/\/(?:([^/?#\s]*)@)?([^@/?#\s]+)(\/[^?#\s]*)?(?:\?([^#\s]*))?$/;

/** Options that may stand behind "?"; anything else is the rest of a password that was not encoded. */
const OPTIONS: ReadonlySet<string> = new Set(["family", "username", "password"]);

export function readRedisUrl(text: string): RedisAddress | null {
  const [, scheme, credentials = "", host = "", path = "", query = ""] = FORM.exec(text) ?? [];
  const options = new URLSearchParams(query);
  const node = nodeOf(host);
  const login = loginOf(credentials, options);
  const [, db] = /^\/?(\d{0,5})$/.exec(path) ?? [];
  const family = options.get("family");
  if (scheme === undefined || node === null || login === null || db === undefined) return null;
  if (![...options.keys()].every((name) => OPTIONS.has(name))) return null;
  if (family !== null && !/^[46]$/.test(family)) return null;
  const isEncrypted = scheme === "rediss";
  return { isEncrypted, node, db: Number(db), ...login, family: family === null ? null : Number(family) };
}

/** As it may be shown: without user, password and options, which may hold another password. */
export function shownRedisUrl(text: string): string {
  const [, scheme, , host, path = ""] = FORM.exec(text) ?? [];
  return scheme === undefined ? "a Redis URL that cannot be read" : `${scheme}://${host}${path}`;
}

function nodeOf(text: string): RedisNode | null {
  const url = text.includes(",") ? null : URL.parse(`redis://${text}`);
  if (url === null || url.hostname === "" || url.port === "0") return null;
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || PORT) };
}

function loginOf(
  credentials: string,
  options: URLSearchParams,
): Pick<RedisAddress, "user" | "password"> | null {
  const [, user = "", password = ""] = /^([^:]*)(?::(.*))?$/s.exec(credentials) ?? [];
  const [itsUser, itsPassword] = [decoded(user), decoded(password)];
  if (itsUser === null || itsPassword === null) return null;
  return {
    user: itsUser || options.get("username") || null,
    password: itsPassword || options.get("password") || null,
  };
}

/** Null for what is not percent-encoded as it should be. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
