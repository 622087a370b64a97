/** The route that Prometheus scrapes: every metric of the process, also while Redis is away. */
import type { Role } from "../../core/access.ts";
import type { ApiHookwave } from "../ports.ts";
import type { Api } from "../routing.ts";

export function addMetricsRoute(app: Api, { metrics }: ApiHookwave, access: Role | "anyone"): void {
  app.get(
    "/metrics",
    { config: { access, isRoutine: true, rateLimit: false }, schema: { hide: true } },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.expose()),
  );
}
