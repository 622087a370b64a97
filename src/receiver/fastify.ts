/**
 * For Fastify: `app.register(fastifyReceiver({ path: "/hook", … }))`. The plugin keeps the raw bytes of its own route
 * only; every other route parses bodies as before.
 */
import type { FastifyPluginAsync } from "fastify";
import { answerTo, bodyLimit, type ReceiverOptions } from "./answer.ts";
import type { RawBody } from "./bytes.ts";

export interface FastifyReceiverOptions extends ReceiverOptions {
  readonly path: string;
}

export function fastifyReceiver({ path, ...options }: FastifyReceiverOptions): FastifyPluginAsync {
  const parser = { parseAs: "buffer", bodyLimit: bodyLimit(options) } as const;
  return async (instance) => {
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser("*", parser, (_request, body, done) => done(null, body));
    instance.post(path, async (request, reply) => {
      const { status, headers, body } = await answerTo(bytesOf(request.body), request.headers, options);
      return reply.code(status).headers(headers).send(body);
    });
  };
}

/** A request without a body has not been parsed at all. */
const bytesOf = (body: unknown): RawBody => (ArrayBuffer.isView(body) ? body : new Uint8Array());
