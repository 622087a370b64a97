/**
 * The id of a request: the caller's own `X-Request-ID` where it is well-formed, else a new one. It is in the answer, in
 * every refusal and in every log line of the request, so that one id leads from the caller's log to ours.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { OnErrand } from "../core/access.ts";
import type { Api } from "./routing.ts";

/** Everything that ids are made of, and nothing that could begin a line, end a quotation or move a cursor. */
const WELL_FORMED = /^[A-Za-z0-9._~:+/=@-]{1,128}$/;
export const REQUEST_ID_HEADER = "x-request-id";

/** Two of them are joined with a comma by Node, and are then no id. */
export function requestIdOf({ headers }: Pick<IncomingMessage, "headers">): string {
  const asked = headers[REQUEST_ID_HEADER];
  return typeof asked === "string" && WELL_FORMED.test(asked) ? asked : randomUUID();
}

/** In answers of every kind, so it comes before whatever may refuse. */
export function answerWithRequestId(app: Api): void {
  app.addHook("onRequest", async ({ id }, reply) => {
    reply.header(REQUEST_ID_HEADER, id);
  });
}

/** Handlers do all the work of a request; routes that come after this have theirs as an errand. */
export function handleAsErrands(app: Api, onErrand: OnErrand): void {
  app.addHook("onRoute", (route) => {
    const { handler } = route;
    route.handler = function handleAsErrand(request, reply) {
      const { caller: by, id: requestId } = request;
      return onErrand({ by, requestId }, async () => await handler.call(this, request, reply));
    };
  });
}
