/**
 * For everything that speaks `Request` and `Response`: Next.js route handlers, Deno, Bun, Workers, edge functions.
 * `export const POST = fetchReceiver({ … })`.
 */
import { type Answer, answerTo, bodyLimit, type ReceiverOptions, tooLarge } from "./answer.ts";
import { type Bytes, concat } from "./bytes.ts";
import { VerificationError } from "./verification-error.ts";

export function fetchReceiver(options: ReceiverOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = await readBytes(request, bodyLimit(options));
    return toResponse(body === null ? tooLarge(options) : await answerTo(body, request.headers, options));
  };
}

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}

/** Null when there are more than `maxBytes`; no more than that is kept. */
async function readBytes(request: Request, maxBytes: number): Promise<Bytes | null> {
  if (request.bodyUsed)
    throw new VerificationError("BODY_NOT_RAW", "a body that nobody has read", "one that was read before");
  const reader = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    length += part.value.length;
    if (length > maxBytes) {
      await reader?.cancel();
      return null;
    }
    chunks.push(part.value);
  }
  return concat(chunks);
}
