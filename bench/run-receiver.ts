/**
 * A child: a receiver that says 200 to everything. GET tells how many POSTs came, and how late each was whose id
 * says when it was due. It reads no body: the sink of a machine without nginx should cost as little as Node can.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { clockMs, dueMsOf } from "./due.ts";

const lateMs: number[] = [];
let posts = 0;

const server = createServer((request, response) => {
  if (request.method !== "POST") {
    response.end(JSON.stringify({ posts, lateMs }));
    return;
  }
  const dueMs = dueMsOf(String(request.headers["webhook-id"]));
  if (dueMs !== null) lateMs.push(clockMs() - dueMs);
  posts += 1;
  response.end();
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.send?.(server.address());
await once(process, "disconnect");
server.close();
server.closeAllConnections();
