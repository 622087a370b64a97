/**
 * An endpoint's URL as it may be shown to whoever watches the service: recognisable, without what is often a secret,
 * the user information and the values of the query. Its path is shown.
 */
const MASK = "***";

export function maskUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return MASK;
  const { protocol, username, password, host, pathname, search } = parsed;
  const user = username === "" && password === "" ? "" : `${MASK}@`;
  return `${protocol}//${user}${host}${pathname}${maskQuery(search)}`;
}

function maskQuery(search: string): string {
  if (search === "") return "";
  return `?${search.slice(1).split("&").map(maskPair).join("&")}`;
}

/** What stands alone may be a token as well as a name. */
function maskPair(pair: string): string {
  const equals = pair.indexOf("=");
  return equals === -1 ? MASK : `${pair.slice(0, equals)}=${MASK}`;
}
