/**
 * A receiver that keeps account: every POST with its webhook-id, what it was answered and when. How it answers is
 * decided by a plan, which a row may change while it runs.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import {
  type Certificate,
  type ReceivedRequest,
  startRawReceiver as startSockets,
} from "../../support/raw-receiver.ts";

export interface Post {
  readonly id: string;
  /** Monotonic ms. */
  readonly at: number;
  readonly headers: IncomingMessage["headers"];
  /** Null until it is answered, and for good when the sender went away before. */
  status: number | null;
  answeredAt: number | null;
  /** The time at which the sender went away unanswered. */
  brokenAt: number | null;
}

/** The answer to a POST: after how long, with which status; never; by a reset; or when that is known. */
export type Plan = (post: Post) => Reply | "never" | "reset" | Promise<Reply>;

export interface Reply {
  readonly status: number;
  readonly afterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** The events it subscribed to. */
  readonly events: readonly string[];
  /** Its endpoint; a row registers it. */
  readonly endpointId: string;
  /** After so long an attempt is over for its sender. */
  readonly deadlineMs: number;
  readonly posts: readonly Post[];
  /** POSTs that wait for an answer; of one that is nothing but sockets, its connections. */
  readonly open: () => number;
}

export interface HttpReceiver extends Receiver {
  /** Returns how it behaved until now. */
  readonly behave: (plan: Plan) => Plan;
}

export async function startReceiver(
  endpointId: string,
  events: readonly string[],
  firstPlan: Plan,
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<HttpReceiver> {
  const posts: Post[] = [];
  let plan = firstPlan;
  let open = 0;
  const server = createServer((request, response) => {
    const post = received(request);
    posts.push(post);
    open += 1;
    response.once("close", () => {
      open -= 1;
      if (post.status === null) post.brokenAt = performance.now();
    });
    request.resume().once("end", async () => {
      const reply = await plan(post);
      if (reply === "never") return;
      if (reply === "reset") return reset(post, request.socket);
      const { afterMs = 0 } = reply;
      if (afterMs === 0) answer(post, response, reply);
      else setTimeout(answer, afterMs, post, response, reply);
    });
  });
  // Row 20 has 1,000 open at once, and each of them is to be accepted.
  server.listen(0, "127.0.0.1", 4_096);
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/${endpointId}`,
    events,
    endpointId,
    deadlineMs,
    posts,
    open: () => open,
    behave: (next) => {
      const before = plan;
      plan = next;
      return before;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function received({ headers }: IncomingMessage): Post {
  return { ...postNow(String(headers["webhook-id"])), headers };
}

function postNow(id: string): Post {
  return { id, at: performance.now(), headers: {}, status: null, answeredAt: null, brokenAt: null };
}

/** No status there is: the receiver's own refusal, after which it may come again. */
const RESET = -1;

function reset(post: Post, socket: Socket): void {
  post.status = RESET;
  post.answeredAt = performance.now();
  socket.resetAndDestroy();
}

function answer(post: Post, response: ServerResponse, { status, headers = {} }: Reply): void {
  if (response.destroyed) return;
  post.status = status;
  post.answeredAt = performance.now();
  response.writeHead(status, { "content-length": 0, ...headers }).end();
}

/** Answers by writing to the socket; says the status it gave, or that there is none yet. */
export type RawPlan = (socket: Socket, request: ReceivedRequest) => number | "unanswered";

export interface RawReceiver extends Receiver {
  readonly connections: () => number;
}

interface RawOptions {
  readonly deadlineMs?: number | undefined;
  readonly certificate?: Certificate | undefined;
}

/** One that is nothing but sockets, and may misbehave in ways that no HTTP server would. */
export async function startRawReceiver(
  endpointId: string,
  events: readonly string[],
  plan: RawPlan,
  { deadlineMs = Number.POSITIVE_INFINITY, certificate }: RawOptions = {},
): Promise<RawReceiver> {
  const posts: Post[] = [];
  const receiver = await startSockets((socket, request) => {
    const post = postNow(/\r\nwebhook-id: (\S+)/i.exec(request.head)?.[1] ?? "");
    posts.push(post);
    socket.once("close", () => {
      if (post.status === null) post.brokenAt = performance.now();
    });
    const said = plan(socket, request);
    if (said === "unanswered") return;
    post.status = said;
    post.answeredAt = performance.now();
  }, certificate);
  return {
    url: receiver.url,
    events,
    endpointId,
    deadlineMs,
    posts,
    open: receiver.openCount,
    connections: receiver.connectionCount,
    [Symbol.asyncDispose]: receiver.close,
  };
}
