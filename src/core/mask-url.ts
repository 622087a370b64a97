/**
 * A URL as it may be shown to whoever does not administer it: its host, by which it is recognised, and nothing of what
 * is often a secret: user information, a path such as /services/T0/B0/XXXX, a query.
 */
const MASK = "***";
const HIDDEN_PATH = `/${MASK}`;

export function maskUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.host === "") return MASK;
  const { protocol, username, password, host, pathname, search } = parsed;
  const user = username === "" && password === "" ? "" : `${MASK}@`;
  const path = pathname === "/" && search === "" ? "/" : HIDDEN_PATH;
  return `${protocol}//${user}${host}${path}`;
}

/** Is this what `maskUrl` made? Then it is not where anybody wants anything sent. */
export const isMaskedUrl = (text: string): boolean => text.endsWith(HIDDEN_PATH);
