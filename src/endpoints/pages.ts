/**
 * Pages of the endpoints as memory holds them, oldest first. A page looks at no more than so many endpoints,
 * whatever its filter leaves out: what one request costs is bounded.
 */
import { asEndpointId } from "../core/brand.ts";
import { ENDPOINT_ID_PATTERN, type Endpoint, type ProfileName } from "../core/endpoint.ts";
import { subscriptionCovers } from "../core/event.ts";
import { maskUrl } from "../core/mask-url.ts";
import { cursorInvalid, type Page, type PageRequest } from "../core/page.ts";

export interface EndpointFilter {
  readonly isActive?: boolean;
  readonly profile?: ProfileName;
  /** Those that subscribe to this type; or have exactly this subscription, such as `job.*`. */
  readonly eventType?: string;
  /** Part of the id, the URL, the description or a label, in any case. */
  readonly text?: string;
  /** True when the text is looked for in no more of a URL than its host. */
  readonly masksUrl?: boolean;
}

type Place = Pick<Endpoint, "createdAt" | "id">;

/** 10,000 take some ms of memory to look through, and no round trip. */
const LOOKED_AT_MAX = 10_000;

/** `inOrder` is sorted by age. Throws CURSOR_INVALID. */
export function endpointPage(
  inOrder: readonly Endpoint[],
  filter: EndpointFilter,
  { after, limit }: PageRequest,
): Page<Endpoint> {
  const start = after === null ? 0 : indexAfter(inOrder, readCursor(after));
  const end = Math.min(inOrder.length, start + LOOKED_AT_MAX);
  const matches = matcherOf(filter);
  const data: Endpoint[] = [];
  let last: Endpoint | undefined;
  for (let index = start; index < end && data.length < limit; index += 1) {
    last = inOrder[index];
    if (last !== undefined && matches(last)) data.push(last);
  }
  return { data, next: last === undefined || last === inOrder.at(-1) ? null : writeCursor(last) };
}

function matcherOf({
  isActive,
  profile,
  eventType,
  text,
  masksUrl = false,
}: EndpointFilter): (endpoint: Endpoint) => boolean {
  const wanted = text?.toLowerCase();
  return (endpoint) =>
    (isActive === undefined || endpoint.isActive === isActive) &&
    (profile === undefined || endpoint.profile === profile) &&
    (eventType === undefined ||
      endpoint.events.some((one) => one === eventType || subscriptionCovers(one, eventType))) &&
    (wanted === undefined || searchable(endpoint, masksUrl).includes(wanted));
}

/** Kept beside the endpoint: to lower the case of ten thousand is what a search would spend its time on. */
function searchable(endpoint: Endpoint, masksUrl: boolean): string {
  const { id, url, description, metadata } = endpoint;
  const texts = masksUrl ? maskedTexts : wholeTexts;
  const known = texts.get(endpoint);
  if (known !== undefined) return known;
  const shownUrl = masksUrl ? maskUrl(url) : url;
  const text = [id, shownUrl, description, ...Object.values(metadata)].join("\n").toLowerCase();
  texts.set(endpoint, text);
  return text;
}

const wholeTexts = new WeakMap<Endpoint, string>();
const maskedTexts = new WeakMap<Endpoint, string>();

/** Two that were made in the same millisecond keep an order, too, or a page's cursor would skip one. */
export function byAge(one: Place, other: Place): number {
  return compare(one.createdAt, other.createdAt) || compare(one.id, other.id);
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** The first that comes after this place, by halves: the endpoint of the cursor may be gone. */
function indexAfter(inOrder: readonly Endpoint[], place: Place): number {
  let low = 0;
  let high = inOrder.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const endpoint = inOrder[middle];
    if (endpoint !== undefined && byAge(endpoint, place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const TIME = /^[\dTZ:.-]{24}$/;

const writeCursor = ({ createdAt, id }: Place): string =>
  Buffer.from(`${createdAt} ${id}`).toString("base64url");

function readCursor(cursor: string): Place {
  const [createdAt = "", id = ""] = Buffer.from(cursor, "base64url").toString().split(" ");
  const place = { createdAt, id: asEndpointId(id) };
  // Node's decoder skips what it does not know (trap 35).
  const isPlace = TIME.test(createdAt) && ENDPOINT_ID_PATTERN.test(id) && writeCursor(place) === cursor;
  if (!isPlace) throw cursorInvalid(cursor);
  return place;
}
