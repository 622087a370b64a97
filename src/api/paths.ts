/**
 * Paths of what is served from a folder, as they came: nothing is decoded, so nothing can mean two things. Libraries that
 * serve files fail at names that no build makes (NUL, `\`, `..`, 300 characters).
 */

const FILE_NAME = /^(?!\.)[\w.-]{1,100}$/;
/** A segment of an address in a page, which may hold an id: no controls, slashes or backslashes, however written. */
const SEGMENT = /^(?!(?:\.|%2e){1,2}$)(?:[\w.~!$&'()*+,;=:@-]|%(?!0|1|2f|5c|7f)[\da-f]{2}){1,200}$/i;

/** The part of a URL's path after `folder`, without the query; null for what lies elsewhere. */
export function pathBelow(folder: string, url: string): string | null {
  const [path = ""] = url.split("?", 1);
  return path.startsWith(folder) ? path.slice(folder.length) : null;
}

export const isFileName = (name: string): boolean => FILE_NAME.test(name);

/** Could a page have this address? A slash at the end is one. */
export const isPagePath = (path: string): boolean =>
  path === "" ||
  path
    .replace(/\/$/, "")
    .split("/")
    .every((segment) => SEGMENT.test(segment));
