/** A real HTTP receiver on loopback whose answers are scripted and whose requests are kept, bytes and all. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { until } from "./until.ts";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Monotonic ms. */
  readonly at: number;
}

/** Answers one request: with a status, or by doing something of its own with the response. */
export type Answer = number | ((response: ServerResponse, request: Received) => void);

export interface Receiver {
  readonly url: string;
  readonly requests: readonly Received[];
  /** The ids received, in order, repeats included. */
  readonly ids: () => readonly string[];
  /** From now on, answers like this. */
  readonly answerWith: (answer: Answer) => void;
  readonly received: (count: number, withinMs?: number) => Promise<readonly Received[]>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** Gives the answers in turn; the last one goes on. */
export async function startReceiver(...answers: readonly Answer[]): Promise<Receiver> {
  const script = [...answers];
  let standing: Answer = script.at(-1) ?? 200;
  const requests: Received[] = [];

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const received = { headers: request.headers, body: Buffer.concat(chunks), at: performance.now() };
      requests.push(received);
      const answer = script.shift() ?? standing;
      if (typeof answer === "number") response.writeHead(answer).end();
      else answer(response, received);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    ids: () => requests.map(({ headers }) => String(headers["webhook-id"])),
    answerWith: (answer) => {
      script.length = 0;
      standing = answer;
    },
    received: async (count, withinMs) => {
      await until(`the receiver has got ${count} requests`, () => requests.length >= count, withinMs);
      return requests;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
