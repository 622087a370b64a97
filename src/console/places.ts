/**
 * Places: the console's own pages and the API's paths, found from where this file came from, so that a prefix in front of
 * both needs no setting. All state of a page is in its URL.
 */
const HERE = import.meta.url;

/** The path of all pages; ends with a slash. */
export const CONSOLE_PATH = new URL("../", HERE).pathname;
const SERVICE_PATH = new URL("../../", HERE).pathname;

/** Names and values of a URL's query; what is null or empty is left out. */
export type Query = Readonly<Record<string, string | number | null | undefined>>;

/** A page's address: `page("events", "evt_1")`; each part is one segment, whatever is in it. */
export const page = (...parts: readonly string[]): string =>
  CONSOLE_PATH + parts.map(encodeURIComponent).join("/");

/** The address of a part of the API: `api("deliveries", id, "retry")`. */
export const api = (...parts: readonly string[]): string =>
  `${SERVICE_PATH}api/v1/${parts.map(encodeURIComponent).join("/")}`;

/** The address of something beside the API: `service("health", "webhooks")`. */
export const service = (...parts: readonly string[]): string =>
  SERVICE_PATH + parts.map(encodeURIComponent).join("/");

export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}?${text}`;
}
