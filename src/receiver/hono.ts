/** For Hono, on any runtime: `app.post("/hook", honoReceiver({ … }))`. */
import { answerTo, bodyLimit, type ReceiverOptions, tooLarge } from "./answer.ts";
import { fetchReceiver, toResponse } from "./fetch.ts";

/** As much of Hono's context as is needed. */
interface Context {
  readonly req: { readonly raw: Request; readonly arrayBuffer: () => Promise<ArrayBuffer> };
}

export function honoReceiver(options: ReceiverOptions): (context: Context) => Promise<Response> {
  const receive = fetchReceiver(options);
  return async ({ req }) => {
    if (!req.raw.bodyUsed) return await receive(req.raw);
    // A middleware has read it; Hono keeps what that was.
    const body = await req.arrayBuffer();
    const isTooLarge = body.byteLength > bodyLimit(options);
    return toResponse(isTooLarge ? tooLarge(options) : await answerTo(body, req.raw.headers, options));
  };
}
