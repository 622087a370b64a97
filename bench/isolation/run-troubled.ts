/**
 * A child: receivers with troubles of their own, by their path: `/after/<ms>` answers so late, `/never` not at all,
 * `/first/<status>` so for the first attempt of each event and 200 after it, `/ill` 503 until `/heal` is asked for.
 * GET tells how many POSTs came and how many have been open at once.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

let isIll = true;
let [posts, open, most] = [0, 0, 0];
const seen = new Set<string>();

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, path = "", how = ""] = (request.url ?? "").split("/");
  const id = String(request.headers["webhook-id"]);
  const end = (status: number): void => {
    response.statusCode = status;
    response.end();
  };
  switch (path) {
    case "after":
      setTimeout(() => end(200), Number(how));
      return;
    case "never":
      return;
    case "first":
      end(seen.has(id) ? 200 : Number(how));
      seen.add(id);
      return;
    default:
      end(isIll ? 503 : 200);
  }
}

const server = createServer((request, response) => {
  if (request.method !== "POST") {
    if (request.url === "/heal") isIll = false;
    response.end(JSON.stringify({ posts, most }));
    return;
  }
  posts += 1;
  open += 1;
  most = Math.max(most, open);
  response.once("close", () => {
    open -= 1;
  });
  request.resume();
  answer(request, response);
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.send?.(server.address());
await once(process, "disconnect");
server.close();
server.closeAllConnections();
