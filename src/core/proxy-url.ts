/**
 * The address of the outbound proxy as it may be written: http, a host and a port, with or without a user. It guesses
 * nothing: what it cannot read whole is refused, because the rest may be a piece of a password.
 */

export interface ProxyAddress {
  /** A name or an address, without the brackets that URLs write IPv6 in. */
  readonly host: string;
  readonly port: number;
  /** Null where it asks for none. */
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

export const PROXY_URL_IN_WORDS = "a URL like http://host:port or http://user:password@host:port";

export const PROXY_URL_REMEDY =
  "write it like http://proxy.example.com:3128, with its port; http is how the proxy itself is spoken to (https:// and socks:// are not), and TLS to receivers goes through it; percent-encode %, #, /, ?, @ and : in user and password";

const FORM = /^http:\/\/(?:[^\s/?#@]*@)?[^\s/?#@]*[^\s/?#@:]:\d{1,5}\/?$/i;

export function readProxyUrl(text: string): ProxyAddress | null {
  const url = FORM.test(text) ? URL.parse(text) : null;
  if (url === null || url.port === "0" || /%(?![0-9a-f]{2})/i.test(text)) return null;
  const user = decoded(url.username);
  const password = decoded(url.password);
  // RFC 7617 §2: a user with a colon cannot be told from its password.
  if (user === null || password === null || user.includes(":")) return null;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    // Of a URL's own port, the parser leaves nothing.
    port: Number(url.port || 80),
    credentials: user === "" && password === "" ? null : { user, password },
  };
}

/** Null for bytes that are no text. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
