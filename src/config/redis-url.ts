/**
 * The address of a Redis as it may be written. ioredis takes its defaults for whatever it does not find in a URL, so one
 * without a host would be localhost:6379 in silence: such a URL is refused. Pure.
 */
import { type Form, form } from "./forms.ts";

export const REDIS_URL_REMEDY =
  "write it like redis://localhost:6379, rediss://user:password@host:6380/0 with TLS; percent-encode %, #, /, ?, @ and : in user and password";

const EXPECTED = "a URL like redis://host:port/database, or rediss:// with TLS";

export function redisUrl(): Form<string> {
  return form(EXPECTED, (text) => (isRedisUrl(text) ? text : null));
}

/** Of ioredis' options, those that a URL may give behind "?": `host`, `port`, `path` or `db` would name another Redis than it does. */
const OPTIONS: ReadonlySet<string> = new Set(["family", "username", "password"]);

/** True for one that names its host, and leaves nothing to be guessed. */
export function isRedisUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^rediss?:\/\/[^/]/.test(text) || /\s/.test(text)) return false;
  const { hostname, port, pathname, searchParams, username, password } = url;
  const isPlace = hostname !== "" && port !== "0" && /^\/?(?:\d{1,5})?$/.test(pathname);
  // Anything else behind "#" or "?" is the rest of a password that was not encoded.
  const isWhole = [...searchParams.keys()].every((name) => OPTIONS.has(name)) && !text.includes("#");
  return isPlace && isWhole && isEncoded(username) && isEncoded(password);
}

function isEncoded(text: string): boolean {
  return !/%(?![0-9a-f]{2})/i.test(text);
}
