/**
 * A real HTTP receiver on loopback for tests of senders: its answers are scripted, its requests are kept, bytes and
 * all. It verifies nothing; hand what it received to `verify`.
 */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { system } from "../config/system.ts";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Monotonic ms. */
  readonly at: number;
}

/** Answers one request: with a status, or by doing something of its own with the response. */
export type Reply = number | ((response: ServerResponse, request: Received) => void);

export interface FakeReceiver extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly Received[];
  /** The `webhook-id` of each request, in order, repeats included. */
  readonly ids: () => readonly string[];
  /** From now on, gives these answers in turn; the last one goes on. */
  readonly replies: (...replies: readonly Reply[]) => void;
  /** Resolves once `count` requests have come in all; rejects after `withinMs`, 15 s unless told. */
  readonly received: (count: number, withinMs?: number) => Promise<readonly Received[]>;
  readonly close: () => Promise<void>;
}

const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 10;

/** Listens on a free port. Without a script it answers 200 to everything. */
export async function startFakeReceiver(...replies: readonly Reply[]): Promise<FakeReceiver> {
  let script: readonly Reply[] = replies;
  const requests: Received[] = [];

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const received = { headers: request.headers, body: Buffer.concat(chunks), at: system.monotonicMs() };
      requests.push(received);
      const [reply = 200, ...rest] = script;
      if (rest.length > 0) script = rest;
      if (typeof reply === "number") response.writeHead(reply).end();
      else reply(response, received);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;

  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return {
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    ids: () => requests.map(({ headers }) => String(headers["webhook-id"])),
    replies: (...next) => {
      script = next;
    },
    received: (count, withinMs = PATIENCE_MS) => untilThere(requests, count, withinMs),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function untilThere(requests: readonly Received[], count: number, withinMs: number) {
  const giveUpAt = system.monotonicMs() + withinMs;
  while (requests.length < count) {
    if (system.monotonicMs() > giveUpAt)
      throw new Error(`expected ${count} requests within ${withinMs} ms, got ${requests.length}`);
    await pause(LOOK_EVERY_MS);
  }
  return requests;
}
