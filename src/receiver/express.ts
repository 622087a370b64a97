/**
 * For Express, and for Node's own server: `app.post("/hook", expressReceiver({ … }))`, before any body parser, or
 * behind `express.raw({ type: () => true })`. A body that another parser has taken is refused, not guessed at.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerTo, bodyLimit, type ReceiverOptions, tooLarge } from "./answer.ts";
import { bodyBytes, concat } from "./bytes.ts";

/** The request as a body parser before us has left it. */
interface ParsedRequest extends IncomingMessage {
  readonly body?: unknown;
}

type Next = (error: unknown) => void;

/** `next` hears of what the handler threw, of a store that is away and of a receiver that cannot work. */
export function expressReceiver(
  options: ReceiverOptions,
): (request: ParsedRequest, response: ServerResponse, next: Next) => void {
  return (request, response, next) => {
    receive(request, response, options).catch(next);
  };
}

async function receive(
  request: ParsedRequest,
  response: ServerResponse,
  options: ReceiverOptions,
): Promise<void> {
  const body = request.readableEnded ? bodyBytes(request.body) : await readBytes(request, bodyLimit(options));
  const isTooLarge = body === null || body.length > bodyLimit(options);
  const answer = isTooLarge ? tooLarge(options) : await answerTo(body, request.headers, options);
  response.writeHead(answer.status, answer.headers).end(answer.body);
}

/** Null when there are more than `maxBytes`. What is left then is read and dropped, so that the sender hears the answer. */
function readBytes(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | null> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    request.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else resolve(null);
    });
    request.on("end", () => resolve(concat(chunks)));
    request.on("error", reject);
  });
}
