/**
 * Headers that an endpoint may add to its deliveries. What frames the request, authenticates it or names who sent it is
 * ours alone (trap 27), and whatever the HTTP client would refuse is refused here, at registration, instead of failing
 * every delivery later.
 */
const MAX_HEADERS = 20;
const MAX_VALUE_CHARACTERS = 4_096;

/** A field name is a token (RFC 9110 §5.6.2); this leaves out pseudo-headers, which begin with a colon. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
/** Field content of RFC 9110 §5.5: no CR, LF, NUL or other control but the tab; obs-text up to 0xFF. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "connection",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // `__proto__`, `constructor` and their like mean something on any object that later holds the headers.
  ...Object.getOwnPropertyNames(Object.prototype).map((name) => name.toLowerCase()),
]);
const RESERVED_PREFIXES = ["webhook-", "content-", "signature", "proxy-", "x-forwarded-"];

/**
 * The headers of one request: ours and the endpoint's own. Names are compared without case (RFC 9110 §5.1), or a
 * receiver would get two lines of one header. Ours win, except who the sender says it is.
 */
export function mergeHeaders(
  ours: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const ownEntries = Object.entries(own);
  if (ownEntries.length === 0) return ours;
  const ownNames = new Set(ownEntries.map(([name]) => name.toLowerCase()));
  const kept = Object.entries(ours).filter(([name]) => !(name === USER_AGENT && ownNames.has("user-agent")));
  const keptNames = new Set(kept.map(([name]) => name.toLowerCase()));
  return Object.fromEntries([...kept, ...ownEntries.filter(([name]) => !keptNames.has(name.toLowerCase()))]);
}

const USER_AGENT = "User-Agent";

/** All problems with an endpoint's headers, in words for its owner; none means they can be sent. */
export function checkHeaders(headers: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(headers);
  const problems = entries.flatMap(([name, value]) => headerProblem(name, value) ?? []);
  if (entries.length > MAX_HEADERS)
    problems.push(`${entries.length} headers are too many; at most ${MAX_HEADERS}`);
  const distinct = new Set(entries.map(([name]) => name.toLowerCase()));
  if (distinct.size < entries.length) problems.push("a header is given twice, in different case");
  return problems;
}

function headerProblem(name: string, value: string): string | null {
  const shown = JSON.stringify(name.slice(0, 40));
  if (!NAME.test(name)) return `${shown} is not a header name`;
  if (isReserved(name.toLowerCase())) return `${shown} is reserved`;
  if (value.length > MAX_VALUE_CHARACTERS)
    return `the value of ${shown} is longer than ${MAX_VALUE_CHARACTERS} characters`;
  if (!VALUE.test(value)) return `the value of ${shown} holds a character no header may carry`;
  return null;
}

function isReserved(name: string): boolean {
  return RESERVED_NAMES.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
