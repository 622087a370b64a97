/**
 * Where producers without an SDK publish: one event, or a list that is published whole or not at all. Answers 202
 * once Redis has acknowledged, as safely as `?durability=` asks, with the ids that receivers will see.
 */
import type { FastifyInstance } from "fastify";
import type { ApiHookwave } from "../ports.ts";
import { readEvents, readOptions } from "../read-events.ts";

export function addEventRoutes(app: FastifyInstance, { publishMany }: ApiHookwave): void {
  // Fastify's own JSON parser would lose bytes: the body stays what came.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );

  app.post("/api/v1/events", async ({ body, headers, query }, reply) => {
    const { isList, events } = readEvents(body, headers["idempotency-key"]);
    const receipts = await publishMany(events, readOptions(query));
    const ids = receipts.map(({ id }) => id);
    return reply.code(202).send(isList ? { ids } : { id: ids[0] });
  });
}
