/** Answers what no route serves: nothing at this path, or nothing with this method (RFC 9110, 15.5.6). */
import type { FastifyReply, FastifyRequest } from "fastify";
import { sendProblem, toProblem } from "./problem.ts";
import type { Api } from "./routing.ts";

interface Route {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
}

export function answerUnknownRoutes(app: Api): void {
  const routes: Route[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    routes.push({ pattern: patternOf(url), methods: [method].flat() });
  });
  app.addHook("onRequest", async (request, reply) => {
    // Of one without a body Fastify would say that its type is missing.
    if (request.is404 && request.method === "QUERY") return answer(routes, request, reply);
  });
  app.setNotFoundHandler((request, reply) => answer(routes, request, reply));
}

/** Of a route's path as Fastify writes it: `:name` is one segment, `*` is the rest. A slash at the end changes nothing. */
function patternOf(url: string): RegExp {
  const escaped = url.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/:[A-Za-z]+/g, "[^/]+").replace("*", ".*")}/?$`);
}

function answer(routes: readonly Route[], request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path = ""] = request.url.split("?", 1);
  const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
  const got = `${request.method} ${path.slice(0, 100)}`;
  // A file that is not there is at a path that is: of all files.
  if (methods.length === 0 || methods.includes(request.method)) {
    const remedy = "correct the path; docs/api.md lists them, publishing is POST /api/v1/events";
    return sendProblem(reply, toProblem("ROUTE_UNKNOWN", { expected: "a path of this API", got, remedy }));
  }
  const allowed = [...new Set(methods)].join(", ");
  const complaint = { expected: allowed, got, remedy: "use a method that this path knows" };
  return sendProblem(reply.header("allow", allowed), toProblem("METHOD_NOT_ALLOWED", complaint));
}
