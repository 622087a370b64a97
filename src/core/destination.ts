/**
 * A destination: where one event goes besides the endpoints that subscribed to it, because whoever started the
 * work said where its news belong. It names a key and never holds one: `keyId` is the id of an endpoint that
 * signs for destinations. Reading refuses members it does not know, so that no secret is carried along.
 */
import { ENDPOINT_ID_PATTERN, PROFILE_NAMES, type ProfileName } from "./endpoint.ts";
import { type Destination, isSubscription, subscriptionCovers } from "./event.ts";

/** As a producer writes it; null counts as absent. */
export interface DestinationRequest {
  /** http or https, without user and password; the address guard checks it before each attempt. */
  readonly url: string;
  /** Types, families (`job.*`), `*` (the default), or short for a task's: `progress` is `task_progress`. */
  readonly events?: readonly string[];
  /** One of the profiles that the signing endpoint has; all of them when absent. */
  readonly profile?: ProfileName;
  /** The endpoint that signs; `default` when absent. */
  readonly keyId?: string;
}

type ReadDestinations = { readonly destinations: readonly Destination[] } | { readonly problem: string };

export const DESTINATIONS_MAX = 16;
const URL_MAX_CHARACTERS = 2_048;
const EVENTS_MAX = 100;
const DEFAULT_KEY_ID = "default";
const MEMBERS: readonly string[] = ["url", "events", "profile", "keyId"];

/** The ids of destinations begin with this, and no endpoint's id does. */
export const DESTINATION_ID_PREFIX = "dst_";

export const isDestinationId = (id: string): boolean => id.startsWith(DESTINATION_ID_PREFIX);

/** Absent, null and an empty list are no destinations. A problem reads "path: expected …, got …". */
export function readDestinations(value: unknown): ReadDestinations {
  const list: unknown = value ?? [];
  if (!Array.isArray(list) || list.length > DESTINATIONS_MAX)
    return { problem: `destinations: expected a list of at most ${DESTINATIONS_MAX}, got ${shown(list)}` };
  const read = list.map((one: unknown) => readOne(one));
  const index = read.findIndex((one) => typeof one === "string");
  if (index !== -1) return { problem: `destinations[${index}]${String(read[index])}` };
  return { destinations: read.filter((one) => typeof one !== "string") };
}

/**
 * Callers of a task service ask for `progress`, `completed` and `failed`, and a producer passes their list on as
 * it came.
 */
export function wants(destination: Destination, type: string): boolean {
  return destination.events.some((event) => subscriptionCovers(event, type) || type === `task_${event}`);
}

/** The destination in full, or what is wrong with it. No value is repeated: it may be a secret in the wrong place. */
function readOne(value: unknown): Destination | string {
  if (!isObject(value)) return `: expected an object with a url, got ${shown(value)}`;
  const stranger = Object.keys(value).find((name) => !MEMBERS.includes(name));
  if (stranger !== undefined) return `: expected only ${MEMBERS.join(", ")}, got "${stranger.slice(0, 40)}"`;
  const { url, events, profile, keyId } = {
    url: value["url"],
    events: value["events"] ?? ["*"],
    profile: value["profile"] ?? null,
    keyId: value["keyId"] ?? DEFAULT_KEY_ID,
  };
  if (!isUrl(url))
    return `.url: expected an http or https URL of at most ${URL_MAX_CHARACTERS} characters, got ${shown(url)}`;
  if (hasUserinfo(url)) return ".url: expected a URL without user name and password, got one with";
  if (!isEvents(events)) return `.events: expected a list of types, "family.*" or "*", got ${shown(events)}`;
  if (profile !== null && !isProfile(profile))
    return `.profile: expected ${PROFILE_NAMES.join(" or ")}, got ${shown(profile)}`;
  if (!isKeyId(keyId)) return `.keyId: expected an endpoint's id, got ${shown(keyId)}`;
  return { url, events, profile, keyId };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Text that signing could not parse would be a failure of our own at each attempt. */
const isUrl = (value: unknown): value is string =>
  typeof value === "string" &&
  value.length <= URL_MAX_CHARACTERS &&
  /^https?:\/\//i.test(value) &&
  // Half of a surrogate pair would be called at another URL than was written.
  value.isWellFormed() &&
  URL.canParse(value);

/** The guard would refuse it before each attempt, and until then a password would lie open with the event. */
function hasUserinfo(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.username !== "" || url.password !== "");
}

const isEvents = (value: unknown): value is readonly string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= EVENTS_MAX &&
  value.every((event: unknown) => typeof event === "string" && isSubscription(event));

const isProfile = (value: unknown): value is ProfileName => PROFILE_NAMES.some((name) => name === value);

const isKeyId = (value: unknown): value is string =>
  typeof value === "string" && ENDPOINT_ID_PATTERN.test(value);

function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return `a text of ${value.length} characters`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
