/**
 * The HTTP API: a thin layer over what Hookwave does. It knows who is asking, bounds what it reads, how often and how
 * long it is asked, answers every refusal with a problem document, and logs no body, header or query.
 */
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from "fastify";
import { serializerCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { AnsweredRequest } from "../core/access.ts";
import { HookwaveError, summarise } from "../core/errors.ts";
import { addAuthorisation, addIdentification, stillAllowed } from "./access.ts";
import { addBodiesTaken } from "./body-taken.ts";
import { boundConnections, type IsProxy, proxiesIn } from "./connections.ts";
import { addConsole, addStartPage, CONSOLE_FOLDER } from "./console.ts";
import { type Exports, openExports } from "./exports.ts";
import { tellDialects } from "./klipstream/dialect.ts";
import { addKlipstreamRoutes } from "./klipstream/routes.ts";
import { isFromElsewhere } from "./mount-place.ts";
import { timeBeginnings } from "./open-streams.ts";
import { addDocs } from "./openapi.ts";
import type { ApiDeps } from "./ports.ts";
import { BODY_MAX_BYTES, INTERNAL_PROBLEM, problemOf, REDIS_PROBLEMS, sendProblem } from "./problem.ts";
import { addRateLimits } from "./rate-limits.ts";
import { readBoundedJson, refuseEncoded } from "./read-json.ts";
import { answerWithRequestId, handleAsErrands, REQUEST_ID_HEADER, requestIdOf } from "./request-id.ts";
import { addAuditRoute } from "./routes/audit.ts";
import { addCallbackRoutes } from "./routes/callbacks.ts";
import { addDeadLetterRoutes } from "./routes/dead-letters.ts";
import { addDeliveryRoutes } from "./routes/deliveries.ts";
import { addDoctorRoute } from "./routes/doctor.ts";
import { addEventRecordRoutes } from "./routes/event-records.ts";
import { addEventTypeRoutes } from "./routes/event-types.ts";
import { addEventRoutes } from "./routes/events.ts";
import { addHealthRoutes, addLiveness, addReadiness } from "./routes/health.ts";
import { addKeyRoutes } from "./routes/keys.ts";
import { addLiveRoute } from "./routes/live.ts";
import { addMetricsRoute } from "./routes/metrics.ts";
import { addMigrationRoutes } from "./routes/migration.ts";
import { addReceivingRoute } from "./routes/receiving.ts";
import { addReplayRoutes } from "./routes/replays.ts";
import { addSessionRoutes } from "./routes/sessions.ts";
import { addSourceRoutes } from "./routes/sources.ts";
import { addStatisticsRoute } from "./routes/statistics.ts";
import { addTestAndExplainRoutes } from "./routes/test-and-explain.ts";
import { addWebhookLogRoutes } from "./routes/webhook-logs.ts";
import { addWebhookRoutes } from "./routes/webhooks.ts";
import { type Api, checkBySchema } from "./routing.ts";
import { addSecurityHeaders } from "./security-headers.ts";
import { answerUnknownRoutes } from "./unknown-routes.ts";
import { answerUnreadable } from "./unreadable-requests.ts";

type MetricsDeps = Pick<ApiDeps, "hookwave" | "logger" | "settings" | "delivers">;

interface ApiServer {
  /** Resolves with the URL to reach it at; port 0 takes a free one. Throws CONFIG_INVALID when it cannot listen. */
  readonly listen: (host: string, port: number) => Promise<string>;
  /** Finishes what is being served, within two seconds. */
  readonly close: () => Promise<void>;
}

/** From a request's first byte to its last: a producer sends 1 MiB at most. */
const REQUEST_TIMEOUT_MS = 15_000;
/** From a connection's opening, or a request's first byte, to the end of its head. */
const HEAD_TIMEOUT_MS = 5_000;
const TIMEOUT_CHECK_MS = 1_000;
/** As long as all of a request's head may be: how long an id may be is said by its schema, and refused by it. */
const PATH_PART_MAX_CHARS = 16_384;
/** Longer than the usual 60 s of load balancers, so that they never send on a connection we have just closed. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** Twice what publishing takes at the most. */
const CLOSE_GRACE_MS = 2_000;

export const createApiServer = (deps: ApiDeps): ApiServer => serverOf(createApi(deps));

/** All of it, ready to be served by its own server, or handed requests of another program's. */
export function createApi(deps: ApiDeps): Api {
  const { hookwave, settings, isOpenToOthers, consoleFolder = CONSOLE_FOLDER } = deps;
  const isProxy = proxiesIn(settings.apiTrustedProxies);
  const app = openServer(deps, isProxy);
  const sessions = settings.console ? hookwave.sessions : null;
  const mayBeFromElsewhere = isOpenToOthers === true ? () => true : isFromElsewhere;
  const { apiUrl: publicUrl, consoleHidePayloads } = settings;
  const control = { keys: hookwave.keys, sessions, mayBeFromElsewhere, publicUrl, consoleHidePayloads };
  addIdentification(app, control);
  // Another program's server bounds its connections itself.
  if (isOpenToOthers !== "by request") boundConnections(app, settings, isProxy);
  addRateLimits(app, settings, control, hookwave.countRequest);
  addAuthorisation(app, control);
  app.addHook("preParsing", async ({ headers, routeOptions }) => {
    if (routeOptions.config.access !== "sender") refuseEncoded(headers);
  });
  addBodiesTaken(app);
  addSecurityHeaders(app);
  if (settings.apiDocs) addDocs(app);
  if (settings.console) addConsole(app, consoleFolder);
  addStartPage(app, settings);
  if (settings.klipstreamCompat) tellDialects(app);
  // Plugins hear of routes from the moment they are loaded, so the routes come after them.
  app.register(async (routes: Api) => {
    handleAsErrands(routes, hookwave.onErrand);
    addRoutes(routes, deps, openExports(routes, stillAllowed(control)));
    if (settings.console) addSessionRoutes(routes, deps, control);
    addLiveRoute(routes, hookwave, stillAllowed(control));
  });
  return app;
}

/** Probes, of whether the process lives and can work, and its metrics: for a port of their own, where no key is asked for. */
export function createMetricsServer(deps: MetricsDeps): ApiServer {
  const { hookwave, settings } = deps;
  const isProxy = proxiesIn(settings.apiTrustedProxies);
  const app = openServer(deps, isProxy);
  boundConnections(app, settings, isProxy);
  addLiveness(app);
  addReadiness(app, deps);
  if (settings.metrics) addMetricsRoute(app, hookwave, "anyone");
  return serverOf(app);
}

function addRoutes(app: Api, deps: ApiDeps, exports: Exports): void {
  const { hookwave, settings } = deps;
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      // Chunks may turn out to be none.
      done(null, body.length === 0 ? undefined : readBoundedJson(body, "a JSON object").value);
    } catch (error) {
      done(error instanceof Error ? error : new Error("unreadable"));
    }
  });
  addLiveness(app);
  addHealthRoutes(app, deps);
  addDoctorRoute(app, hookwave.doctor);
  addStatisticsRoute(app, hookwave);
  if (settings.metrics && settings.metricsPort === null) addMetricsRoute(app, hookwave, "read");
  addEventTypeRoutes(app);
  addKeyRoutes(app, hookwave.keys);
  addAuditRoute(app, hookwave.audit);
  addDeadLetterRoutes(app, hookwave.deadLetters, exports);
  addReplayRoutes(app, hookwave);
  if (settings.klipstreamCompat) addKlipstreamRoutes(app, hookwave);
  addWebhookRoutes(app, hookwave, settings.apiDefaultProfile);
  addWebhookLogRoutes(app, hookwave.endpoints);
  app.register(async (events: Api) => addEventRoutes(events, hookwave.events));
  addEventRecordRoutes(app, hookwave.events, exports);
  addDeliveryRoutes(app, hookwave.deliveries, exports);
  addMigrationRoutes(app, hookwave.migration);
  addSourceRoutes(app, hookwave.sources);
  addCallbackRoutes(app, hookwave.callbacks, exports);
  app.register(async (incoming: Api) => addReceivingRoute(incoming, hookwave.receiveCallback, settings));
  app.register(async (texts: Api) => addTestAndExplainRoutes(texts, hookwave));
}

function openServer({ hookwave, logger }: Pick<ApiDeps, "hookwave" | "logger">, isProxy: IsProxy): Api {
  const app = fastify({
    trustProxy: isProxy,
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: PATH_PART_MAX_CHARS, ignoreTrailingSlash: true },
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { headersTimeout: HEAD_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    // While it closes, a request on an open connection is served like any other: the publisher closes last.
    return503OnClosing: false,
    genReqId: requestIdOf,
    clientErrorHandler: answerUnreadable,
    // Comes past the hooks.
    frameworkErrors: (error, { id }, reply) =>
      void sendProblem(reply.header(REQUEST_ID_HEADER, id), problemOf(error) ?? INTERNAL_PROBLEM),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(checkBySchema);
  app.setSerializerCompiler(serializerCompiler);
  answerWithRequestId(app);
  app.addHook("onRequest", async ({ headers }) => forgetTypeOfNothing(headers));
  // Fastify's own JSON parser would lose bytes and bound no depth.
  app.removeAllContentTypeParsers();
  answerUnknownRoutes(app);
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const problem = problemOf(error);
    if (problem !== null) return sendProblem(reply, problem);
    const trouble = await hookwave.redisTrouble(error);
    const failed = { requestId: request.id, ...nameOf(request), error: summarise(error) };
    // That Redis is away is said in one place, and not once for each who asks meanwhile.
    logger[trouble === "unanswered" ? "debug" : "error"](failed, "request.failed");
    return sendProblem(reply, trouble === null ? INTERNAL_PROBLEM : REDIS_PROBLEMS[trouble]);
  });
  tellOfAnswers(app, hookwave, logger);
  return app;
}

function tellOfAnswers(app: Api, { metrics }: ApiDeps["hookwave"], logger: ApiDeps["logger"]): void {
  const begunAfterMs = timeBeginnings(app);
  app.addHook("onResponse", async (request, reply) => {
    const answered = answeredRequest(request, reply);
    logger[levelOf(request, answered.status)]({ requestId: request.id, ...answered }, "request.finished");
    metrics.observeRequest({
      ...answered,
      durationMs: begunAfterMs(request) ?? answered.durationMs,
    });
  });
}

/** Clients that name a type with every request send it with nothing, too; nothing is no text of any type. */
function forgetTypeOfNothing(headers: FastifyRequest["headers"]): void {
  const { "content-length": length = "0", "transfer-encoding": chunked } = headers;
  if (Number(length) === 0 && chunked === undefined) delete headers["content-type"];
}

function serverOf(app: Api): ApiServer {
  return {
    listen: async (host, port) => {
      // An API that cannot be made ready is not the port's fault.
      await app.ready();
      return await app.listen({ host, port }).catch((error: unknown) => {
        throw cannotListen(host, port, error);
      });
    },
    close: async () => {
      const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
      await app.close();
      clearTimeout(timer);
    },
  };
}

function answeredRequest(request: FastifyRequest, reply: FastifyReply): AnsweredRequest {
  const { statusCode: status, elapsedTime } = reply;
  return { ...nameOf(request), status, durationMs: Math.round(elapsedTime * 1_000) / 1_000 };
}

/** A probe that says "not ready" has only been asked; what is refused, and to whom, may be news. */
function levelOf({ routeOptions }: FastifyRequest, status: number): "debug" | "info" | "warn" {
  const isRefused = status >= 400 && status < 500;
  if (routeOptions.config.isRoutine && !isRefused) return "debug";
  return status < 500 ? "info" : "warn";
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
