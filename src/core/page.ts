/**
 * A page of a list that may be long: what was asked for and where to go on. Cursors are opaque to whoever holds
 * them; each list reads only its own. Every list is bounded by its page, and by what it may look at for one.
 */
import { HookwaveError } from "./errors.ts";

export interface PageRequest {
  /** The `next` of the page before; null for the first. */
  readonly after: string | null;
  readonly limit: number;
}

export interface Page<Item> {
  /** May be shorter than the limit, even empty, while there is more: what a filter looks at is bounded, too. */
  readonly data: readonly Item[];
  /** Null when there is no more. */
  readonly next: string | null;
}

/** Of an installation in shards a cursor has a place in each: of sixteen with an endpoint of 64 characters, 1,551. */
export const CURSOR_MAX_CHARS = 2_048;

export function cursorInvalid(cursor: string): HookwaveError {
  return new HookwaveError("CURSOR_INVALID", {
    expected: "the `next` of an earlier page of this list",
    got: `"${cursor.slice(0, 40)}"`,
    remedy: "begin again without a cursor",
  });
}
