/**
 * Answers that go on for as long as somebody reads them. They are few for each key and in all, and end when the API is
 * closed: it waits for no reader.
 */
import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Refusal } from "./problem.ts";
import type { Api } from "./routing.ts";

interface StreamBounds {
  readonly perKey: number;
  readonly inAll: number;
}

export interface OpenStream {
  readonly stream: Readable;
  /** In good order where its reader keeps up, else at once. */
  readonly end: () => void;
}

export interface OpenStreams {
  /**
   * Begins one, which counts from here until it is closed: several that are asked for at once are no more than others.
   * Throws RATE_LIMITED where there are enough of this caller's.
   */
  readonly open: (keyId: string, reply: FastifyReply, begin: () => Promise<OpenStream>) => Promise<Readable>;
}

/** The place of one that counts. */
interface Place {
  readonly keyId: string;
  end: () => void;
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
  const taken = new Set<Place>();
  let isClosing = false;
  app.addHook("preClose", async () => {
    isClosing = true;
    for (const { end } of taken) end();
  });

  const takePlace = (keyId: string, reply: FastifyReply): Place => {
    const own = [...taken].filter((one) => one.keyId === keyId).length;
    if (own >= perKey || taken.size >= inAll) {
      const most = own < perKey ? `${inAll} ${what} in this process` : `${perKey} ${what} with one key`;
      reply.header("retry-after", RETRY_AFTER_SECONDS);
      throw new Refusal("RATE_LIMITED", {
        expected: `at most ${most}`,
        got: "one more",
        remedy: `end another one, or try again in ${RETRY_AFTER_SECONDS} s`,
      });
    }
    const place: Place = { keyId, end: () => undefined };
    taken.add(place);
    return place;
  };

  return {
    open: async (keyId, reply, begin) => {
      const place = takePlace(keyId, reply);
      try {
        const { stream, end } = await begin();
        place.end = end;
        stream.once("close", () => taken.delete(place));
        if (isClosing) end();
        return stream;
      } catch (error) {
        taken.delete(place);
        throw error;
      }
    },
  };
}
