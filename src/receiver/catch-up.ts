/**
 * The safety net that replaces polling: pulls from the sender's feed what no webhook brought, page by page, oldest
 * first. Events come under the same ids, so an inbox skips what it has had: `handler: inbox.process`. It keeps no
 * cursor; `onPage` is where the caller remembers one.
 */
import { isRecord } from "./receiving-profile.ts";
import { type WebhookEvent, webhookEvent } from "./webhook-event.ts";

export interface CatchUpOptions {
  /** The address of the sender's API, such as `https://hooks.example.com`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** The cursor to go on from; absent, everything that the sender still has. */
  readonly after?: string | undefined;
  /** Only events of this type, or of a family (`job.*`). */
  readonly type?: string | undefined;
  /** Rejecting ends the run before its page is remembered. */
  readonly handler: (event: WebhookEvent) => unknown;
  /** Called after each page that another follows, with the cursor to go on from. */
  readonly onPage?: ((cursor: string) => unknown) | undefined;
  /** For one page. Default: 30 s. */
  readonly timeoutMs?: number | undefined;
}

export interface CaughtUp {
  readonly events: number;
  /** The place to go on from next time; undefined where there was nothing yet. */
  readonly cursor: string | undefined;
}

const TIMEOUT_MS = 30_000;
/** The most that the feed gives at once. */
const PAGE_EVENTS = "100";

/** The sender's feed did not answer as it should; what was handled before stays handled. */
export class CatchUpError extends Error {
  /** Null when there was an answer, but not of the feed's shape. */
  readonly status: number | null;

  constructor(expected: string, got: string, status: number | null) {
    super(`expected ${expected} from the feed, got ${got}; check baseUrl and apiKey, and run it again`);
    this.name = "CatchUpError";
    this.status = status;
  }
}

/** Resolves when the feed has no more; rejects with a CatchUpError, what `fetch` or what the handler rejected with. */
export async function catchUp(options: CatchUpOptions): Promise<CaughtUp> {
  let cursor = options.after;
  let events = 0;
  for (;;) {
    const page = await readPage(options, cursor);
    for (const event of page.events) {
      await options.handler(event);
      events += 1;
    }
    if (page.next === null || page.next === cursor) return { events, cursor };
    cursor = page.next;
    await options.onPage?.(cursor);
  }
}

async function readPage(options: CatchUpOptions, after: string | undefined) {
  const { apiKey, timeoutMs = TIMEOUT_MS } = options;
  const response = await fetch(pageUrl(options, after), {
    headers: { authorization: `Bearer ${apiKey}`, accept: "application/json" },
    // One that is followed would take the key elsewhere; Cloudflare's workers know no "error".
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new CatchUpError("status 200", String(response.status), response.status);
  const page: unknown = await response.json().catch(() => null);
  if (!isRecord(page) || !Array.isArray(page["data"]))
    throw new CatchUpError("{ data, next }", "something else", null);
  const next = typeof page["next"] === "string" ? page["next"] : null;
  return { events: page["data"].map(readEvent), next };
}

function pageUrl({ baseUrl, type }: CatchUpOptions, after: string | undefined): URL {
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/api/v1/events`);
  url.searchParams.set("limit", PAGE_EVENTS);
  if (after !== undefined) url.searchParams.set("after", after);
  if (type !== undefined) url.searchParams.set("type", type);
  return url;
}

function readEvent(item: unknown): WebhookEvent {
  const { id, type, timestamp, data, payload_hidden: isHidden } = isRecord(item) ? item : {};
  if (isHidden === true)
    throw new CatchUpError("events with their data", "none: an admin's key is asked for", 200);
  if (typeof id === "string" && typeof type === "string" && typeof timestamp === "string")
    return webhookEvent({ id, type, timestamp, data });
  throw new CatchUpError("events with id, type and timestamp", "something else", null);
}
