/**
 * Answers that go on for as long as somebody reads them. They are few for each key and in all, and end when the API is
 * closed: it waits for no reader.
 */
import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "./problem.ts";
import type { Api } from "./routing.ts";

export interface StreamBounds {
  readonly perKey: number;
  readonly inAll: number;
}

export interface OpenStreams {
  /** Throws RATE_LIMITED where there are enough of this caller's. */
  readonly insistOnRoom: (keyId: string, reply: FastifyReply) => void;
  /** Counts it until it is closed. `end` ends it in good order. */
  readonly add: (keyId: string, stream: Readable, end: () => void) => void;
}

const RETRY_AFTER_SECONDS = 5;
const begunAfterMs = new WeakMap<FastifyRequest, number>();

/** The part of an answer's time that says something about us: how long whoever reads it stayed does not. */
export function timeBeginnings(app: Api): (request: FastifyRequest) => number | undefined {
  app.addHook("onSend", (request, reply, payload, done) => {
    if (request.routeOptions.config.isStream) begunAfterMs.set(request, reply.elapsedTime);
    done(null, payload);
  });
  return (request) => begunAfterMs.get(request);
}

export function createOpenStreams(app: Api, what: string, { perKey, inAll }: StreamBounds): OpenStreams {
  const open = new Map<Readable, { readonly keyId: string; readonly end: () => void }>();
  app.addHook("preClose", async () => {
    for (const { end } of open.values()) end();
  });
  return {
    insistOnRoom: (keyId, reply) => {
      const own = [...open.values()].filter((one) => one.keyId === keyId).length;
      if (own < perKey && open.size < inAll) return;
      const most = own < perKey ? `${inAll} ${what} in this process` : `${perKey} ${what} with one key`;
      reply.header("retry-after", RETRY_AFTER_SECONDS);
      throw new Refusal("RATE_LIMITED", {
        expected: `at most ${most}`,
        got: "one more",
        remedy: `end another one, or try again in ${RETRY_AFTER_SECONDS} s`,
      });
    },
    add: (keyId, stream, end) => {
      open.set(stream, { keyId, end });
      stream.once("close", () => open.delete(stream));
    },
  };
}
