/** Where Prometheus scrapes: every metric of the process, also while Redis is away. */
import type { FastifyInstance } from "fastify";
import type { ApiHookwave } from "../ports.ts";

export function addMetricsRoute(app: FastifyInstance, { metrics }: ApiHookwave): void {
  app.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.expose()),
  );
}
