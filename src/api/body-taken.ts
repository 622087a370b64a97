/**
 * A body that a parser of the program around us has taken before. Its bytes are what is published, so one that was kept as
 * bytes is as good as the request's own; an object made of it is not, and is refused instead of written anew.
 */

import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { Refusal } from "./problem.ts";
import type { Api } from "./routing.ts";

/** The request as a body parser before us has left it. */
interface ParsedRequest extends IncomingMessage {
  readonly body?: unknown;
}

export function addBodiesTaken(app: Api): void {
  app.addHook("preParsing", async ({ raw }, _reply, payload) => {
    if (!isTaken(raw)) return payload;
    const bytes = keptBytes(raw);
    if (bytes === null) throw lost();
    return Readable.from([bytes], { objectMode: false });
  });
}

function isTaken(raw: IncomingMessage): boolean {
  const { "content-length": length = "0", "transfer-encoding": chunked } = raw.headers;
  return raw.readableDidRead && (Number(length) > 0 || chunked !== undefined);
}

function keptBytes({ body }: ParsedRequest): Buffer | null {
  return body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : null;
}

const lost = (): Refusal =>
  new Refusal("INTERNAL", {
    expected: "the bytes of the body",
    got: "a request whose body another parser has taken",
    remedy:
      'mount Hookwave before the body parser (app.use("/hookwave", expressHookwave(…)) above app.use(express.json())), or keep the bytes with express.raw({ type: () => true })',
  });
