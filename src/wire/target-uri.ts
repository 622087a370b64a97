/** A URL as it goes over the wire: what a request line asks for, and what a signature over it has to cover. */

/** The request target of RFC 9112 §3.2.1, with a `?` also where nothing is behind it, as `search` has not. */
export const requestTarget = (url: URL): string => unfragmented(url).slice(url.origin.length);

/**
 * The target URI that a receiver puts together from its request (RFC 9110 §7.1): host in lower case and its ASCII form, no
 * default port, no empty path, escaped as it was sent. What is no URL stays as it is.
 */
export function targetUri(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? url : unfragmented(parsed);
}

const unfragmented = ({ href, hash }: URL): string => href.slice(0, href.length - hash.length);
