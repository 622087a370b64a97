/** The sender's feed as its contract describes it, over real HTTP: pages of two, cursors, a key, types. */
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
  /** Answers like this instead, until it is undefined again. */
  broken:
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
    if (feed.broken !== undefined) return answer(feed.broken.status, feed.broken.body, feed.broken.headers);
    if (url.pathname !== "/gateway/api/v1/events") return answer(404, "");
    if (request.headers.authorization !== `Bearer ${apiKey}`) return answer(401, "");
    feed.asked.push(url.search);
    const type = url.searchParams.get("type");
    const matching = feed.events.filter((event) => type === null || event.type === type);
    const start = matching.findIndex(({ id }) => id === url.searchParams.get("after")) + 1;
    const data = matching.slice(start, start + PAGE);
    const next = start + PAGE < matching.length ? (data.at(-1)?.id ?? null) : null;
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
