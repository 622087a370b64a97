/**
 * A feed that can be what ours never is: broken, below a gateway's path, and with pages of two. It ends as other feeds
 * may, with a null `next` on its last page.
 */
import { once } from "node:events";
import { createServer } from "node:http";

export interface FeedEvent {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: unknown;
}

export interface Feed extends AsyncDisposable {
  readonly baseUrl: string;
  readonly events: FeedEvent[];
  /** The queries it was asked, in order. */
  readonly asked: string[];
  /** Answers like this instead, or never, until it is undefined again. */
  broken:
    | "silent"
    | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> }
    | undefined;
}

const PAGE = 2;

/** Below a path of its own, as behind a gateway. */
export async function startFeed(apiKey: string): Promise<Feed> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://feed");
    const answer = (status: number, body: string, headers = {}) =>
      response.writeHead(status, headers).end(body);
    if (feed.broken === "silent") return undefined;
    if (feed.broken !== undefined) return answer(feed.broken.status, feed.broken.body, feed.broken.headers);
    if (url.pathname !== "/gateway/api/v1/events") return answer(404, "");
    if (request.headers.authorization !== `Bearer ${apiKey}`) return answer(401, "");
    feed.asked.push(url.search);
    const start = feed.events.findIndex(({ id }) => id === url.searchParams.get("after")) + 1;
    const data = feed.events.slice(start, start + PAGE);
    const next = start + PAGE < feed.events.length ? (data.at(-1)?.id ?? null) : null;
    return answer(200, JSON.stringify({ data, next }), { "content-type": "application/json" });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const feed: Feed = {
    baseUrl: `http://127.0.0.1:${port}/gateway/`,
    events: [],
    asked: [],
    broken: undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return feed;
}
