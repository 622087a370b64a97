/**
 * Traces: one span for each publish and one for each attempt, in whatever OpenTelemetry this process has: its owner's, or
 * the one of otlp.ts. Only `@opentelemetry/api` is needed for it, and only where traces are asked for. A tracer that fails
 * disturbs no event; events carry their places as text of their own, whatever propagator others have.
 */
import { createRequire } from "node:module";
import type * as Otel from "@opentelemetry/api";
import { HookwaveError } from "../core/errors.ts";
import type { TraceContext } from "../core/trace-context.ts";
import type { BeginAttempt } from "../deliver/ports.ts";
import type { BeginPublish } from "../publish/ports.ts";
import {
  attemptAttributes,
  deliveredTo,
  failureOf,
  publishAttributes,
  receiverOf,
} from "./span-attributes.ts";

export interface Spans {
  readonly beginPublish: BeginPublish;
  readonly beginAttempt: BeginAttempt;
}

type Api = typeof Otel;

const API = "@opentelemetry/api";
/** The place where all copies of the API's first major version find each other, and whatever SDK is registered. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");
const SCOPE = "hookwave";
/** The name by which every SDK of OpenTelemetry for JavaScript knows that nothing is to be traced here. */
const SUPPRESSED = "OpenTelemetry SDK Context Key SUPPRESS_TRACING";

/**
 * `asked`: true insists, false wants none, undefined takes them where an SDK has been registered by now. Null where there
 * are none: that is all that is looked at from then on. Throws CONFIG_INVALID where what was insisted on is not installed.
 */
export function openSpans(asked: boolean | undefined, version: string): Spans | null {
  // Without a registry there is no SDK, and no need to load anything.
  if (asked === false || (asked === undefined && !(REGISTRY in globalThis))) return null;
  const api = loadApi();
  if (api === null && asked === true) throw notInstalled();
  if (api === null || (asked === undefined && !hasSdk(api))) return null;
  const tracer = api.trace.getTracer(SCOPE, version);
  return { beginPublish: createBeginPublish(api, tracer), beginAttempt: createBeginAttempt(api, tracer) };
}

/** At once, since a publisher is made without waiting; it is no part of this package. Null where it is not installed. */
function loadApi(): Api | null {
  const require = createRequire(import.meta.url);
  try {
    return require(API);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(String(error.code)) &&
  error.message.includes(API);

/** Without one, the API hands out tracers that do nothing, at a price. */
function hasSdk(api: Api): boolean {
  const provider = api.trace.getTracerProvider();
  // Of another copy of the API it is no instance of this one, and then it has been registered.
  return !(provider instanceof api.ProxyTracerProvider) || provider.getDelegateTracer(SCOPE) !== undefined;
}

function createBeginPublish(api: Api, tracer: Otel.Tracer): BeginPublish {
  const attempt = guarded("publish");
  return (event) => {
    const span = attempt(() => {
      const options = { kind: api.SpanKind.PRODUCER, attributes: publishAttributes(event) };
      const parent = remoteContext(api, event) ?? api.context.active();
      return tracer.startSpan(`publish ${event.type}`, options, parent);
    });
    const context = span && placeOf(api, span);
    if (!span || !context) return { event, end: () => undefined };
    const { traceparent: _, tracestate: __, ...plain } = event;
    return {
      event: { ...plain, ...context },
      end: (error) => {
        attempt(() => {
          if (error !== null) fail(api, span, error instanceof HookwaveError ? error.code : "INTERNAL");
          span.end();
        });
      },
    };
  };
}

function createBeginAttempt(api: Api, tracer: Otel.Tracer): BeginAttempt {
  const suppressed = api.ROOT_CONTEXT.setValue(api.createContextKey(SUPPRESSED), true);
  const attempt = guarded("attempt");
  return (delivery, endpoint) => {
    const span = attempt(() => {
      const [first] = delivery.attempts;
      const link = first && spanContextOf(api, first);
      const options = {
        kind: api.SpanKind.CLIENT,
        attributes: { ...receiverOf(endpoint), ...attemptAttributes(delivery, endpoint) },
        links: link ? [{ context: link }] : [],
      };
      return tracer.startSpan("POST", options, remoteContext(api, delivery.event) ?? api.ROOT_CONTEXT);
    });
    const context = span && placeOf(api, span);
    if (!span || !context) return null;
    return {
      context,
      within: (post) => api.context.with(suppressed, post),
      end: (outcome) => {
        attempt(() => {
          if (outcome !== null) span.setAttributes(deliveredTo(outcome));
          const failure = failureOf(outcome);
          if (failure !== null) fail(api, span, failure);
          span.end();
        });
      },
    };
  };
}

/** `type` is of a closed set: no text of a receiver, and nothing of the request. */
function fail(api: Api, span: Otel.Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: api.SpanStatusCode.ERROR });
}

/** Undefined where an SDK has been shut down, or never was: its spans have no place. */
function placeOf(api: Api, span: Otel.Span): TraceContext | undefined {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  if (!api.isSpanContextValid({ traceId, spanId, traceFlags })) return undefined;
  const tracestate = traceState?.serialize();
  const flags = traceFlags.toString(16).padStart(2, "0");
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, ...(tracestate && { tracestate }) };
}

function spanContextOf(api: Api, place: Partial<TraceContext>): Otel.SpanContext | undefined {
  const [, traceId, spanId, flags = ""] = place.traceparent?.split("-") ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const { tracestate } = place;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate !== undefined && { traceState: api.createTraceState(tracestate) }),
  };
}

function remoteContext(api: Api, place: Partial<TraceContext>): Otel.Context | undefined {
  const spanContext = spanContextOf(api, place);
  return spanContext && api.trace.setSpanContext(api.ROOT_CONTEXT, spanContext);
}

/** Runs what an SDK, its samplers and processors may throw in; that it did is a warning of Node's, once. */
function guarded(what: string): <Answer>(work: () => Answer) => Answer | undefined {
  let isReported = false;
  return (work) => {
    try {
      return work();
    } catch (error) {
      if (!isReported) warn(what, error);
      isReported = true;
      return undefined;
    }
  };
}

function warn(what: string, error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error;
  process.emitWarning(`tracing failed at a span of "${what}": ${name}`, {
    type: "HookwaveWarning",
    code: "HOOKWAVE_TRACING",
    detail: "Later failures of it are not repeated; events and deliveries are not affected.",
  });
}

function notInstalled(): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: `${API} beside hookwave, because traces are asked for`,
    got: "none",
    remedy: `npm install ${API}@~1.10, or leave \`traces\` out`,
  });
}
