/**
 * The HTTP API: a thin door to what Hookwave does, small for now. It bounds what it reads and how long it waits,
 * answers every refusal with a problem document, and logs no body, header or query. It does not know who is asking:
 * it is meant for loopback or a private network until keys exist.
 */
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { HookwaveError, summarise } from "../core/errors.ts";
import type { ApiDeps, ApiLogger } from "./ports.ts";
import { BODY_MAX_BYTES, INTERNAL_PROBLEM, problemOf, sendProblem, toProblem } from "./problem.ts";
import { addEventRoutes } from "./routes/events.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addMetricsRoute } from "./routes/metrics.ts";

export interface ApiServer {
  /** Resolves with the URL to reach it at; port 0 takes a free one. Throws CONFIG_INVALID when it cannot listen. */
  readonly listen: (host: string, port: number) => Promise<string>;
  /** Finishes what is being served, within two seconds. */
  readonly close: () => Promise<void>;
}

/** From a request's first byte to its last: a producer sends 1 MiB at most. */
const REQUEST_TIMEOUT_MS = 15_000;
const TIMEOUT_CHECK_MS = 1_000;
/** Longer than the usual 60 s of load balancers, so that they never send on a connection we have just closed. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** With BODY_MAX_BYTES each, what bodies can occupy is bounded too. */
const CONNECTIONS_MAX = 1_000;
/** Twice what publishing takes at the most. */
const CLOSE_GRACE_MS = 2_000;

export function createApiServer(deps: ApiDeps): ApiServer {
  const app = openServer(deps.logger);
  addEventRoutes(app, deps.hookwave);
  addHealthRoutes(app, deps);
  addMetricsRoute(app, deps.hookwave);
  return {
    listen: (host, port) =>
      app.listen({ host, port }).catch((error: unknown) => {
        throw cannotListen(host, port, error);
      }),
    close: async () => {
      const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
      await app.close();
      clearTimeout(timer);
    },
  };
}

function openServer(logger: ApiLogger): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    // While it closes, a request on an open connection is served like any other: the publisher closes last.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) =>
      void sendProblem(reply, problemOf(error) ?? INTERNAL_PROBLEM),
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.setNotFoundHandler((request, reply) => answerUnknown(app, request, reply));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error);
    if (problem === null) logger.error({ ...nameOf(request), error: summarise(error) }, "request.failed");
    return sendProblem(reply, problem ?? INTERNAL_PROBLEM);
  });
  app.addHook("onResponse", async (request, reply) => logRequest(logger, request, reply));
  return app;
}

function answerUnknown(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path = ""] = request.url.split("?", 1);
  const methods = app.supportedMethods.filter((method) => app.hasRoute({ method, url: path }));
  const got = `${request.method} ${path.slice(0, 100)}`;
  if (methods.length === 0) {
    const remedy = "correct the path; publishing is POST /api/v1/events";
    return sendProblem(reply, toProblem("ROUTE_UNKNOWN", { expected: "a path of this API", got, remedy }));
  }
  const allowed = methods.join(", ");
  const complaint = { expected: allowed, got, remedy: "use a method that this path knows" };
  return sendProblem(reply.header("allow", allowed), toProblem("METHOD_NOT_ALLOWED", complaint));
}

function logRequest(logger: ApiLogger, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode: status, elapsedTime } = reply;
  const fields = { ...nameOf(request), status, durationMs: Math.round(elapsedTime * 1_000) / 1_000 };
  logger[status < 500 ? "info" : "warn"](fields, "request.finished");
}

/** The route and not the path, which may hold what should not be logged. */
function nameOf({ method, routeOptions }: FastifyRequest) {
  return { method, route: routeOptions.url ?? null };
}

function cannotListen(host: string, port: number, cause: unknown): HookwaveError {
  const { code, message } = summarise(cause);
  const remedy = "free it, or set HOOKWAVE_HOST and HOOKWAVE_PORT (0 takes a free port)";
  const complaint = { expected: `to listen on ${host}:${port}`, got: code ?? message, remedy };
  return new HookwaveError("CONFIG_INVALID", complaint, { cause });
}
