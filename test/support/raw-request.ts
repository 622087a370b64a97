/** One HTTP request as it is written, path and headers unrepaired, over connections that are kept. */
import { type Agent, request as open } from "node:http";
import { text } from "node:stream/consumers";

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Rejects when nothing has come for `patienceMs`. */
export async function sendRaw(
  base: string,
  { method, path, headers, body }: RawRequest,
  agent: Agent,
  patienceMs: number,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(base);
  const bytes = body === undefined ? undefined : Buffer.from(body);
  // Without a length, a request that may have a body would be sent in chunks.
  const framing = method === "GET" ? [] : ["content-length", String(bytes?.length ?? 0)];
  const all = ["host", `${hostname}:${port}`, ...framing, ...headers.flat()];
  return await new Promise((resolve, reject) => {
    const asked = open({ agent, hostname, port, method, path, headers: all }, (answer) => {
      // Of an answer that goes on, its head is enough.
      const goesOn = answer.headers["content-type"]?.startsWith("text/event-stream") === true;
      if (goesOn) answer.destroy();
      (goesOn ? Promise.resolve("") : text(answer)).then(
        (read) =>
          resolve({
            status: answer.statusCode ?? 0,
            type: answer.headers["content-type"] ?? "",
            text: read,
          }),
        reject,
      );
    });
    asked.setTimeout(patienceMs, () => asked.destroy(new Error(`no answer to ${method} ${path}`)));
    asked.on("error", reject).end(method === "GET" ? undefined : bytes);
  });
}
