/**
 * The OpenTelemetry SDK of a service that runs as a process of its own: sends spans to a collector, by OTLP over HTTP. Its
 * packages are optional, and loaded only where a collector is named. A collector that is away costs spans, never events.
 */
import { HookwaveError } from "../core/errors.ts";
import type { Tell } from "../core/happening.ts";

type Pairs = Readonly<Record<string, string>>;

/** Named as in the configuration: docs/configuration.md says what each does. */
interface TraceSettings {
  readonly otlpEndpoint: string | null;
  readonly otlpTracesEndpoint: string | null;
  readonly otlpProtocol: "http/protobuf" | "http/json" | "grpc";
  readonly otlpHeaders: Pairs;
  readonly otlpTracesHeaders: Pairs;
  readonly tracesExporter: "otlp" | "none";
  readonly otelDisabled: boolean;
  readonly tracesSampler: `${"parentbased_" | ""}${"always_on" | "always_off" | "traceidratio"}`;
  readonly tracesSamplerArg: number;
  readonly serviceName: string | null;
  readonly resourceAttributes: Pairs;
  readonly spanDelayMs: number;
  readonly spanQueueMax: number;
  readonly spanBatchMax: number;
}

export interface SdkParts {
  readonly version: string;
  /** Tells this process from the others of its fleet. */
  readonly instanceId: string;
  readonly monotonicMs: () => number;
  readonly tell: Tell;
}

interface TraceSdk {
  /** Sends what is left, for as long as a shutdown can wait. */
  readonly close: () => Promise<void>;
}

const INSTALL =
  "npm install @opentelemetry/api@~1.10 @opentelemetry/sdk-trace@~3.1.1 @opentelemetry/resources@~3.1.1 @opentelemetry/exporter-trace-otlp-proto@~0.301.1";
const TRACES_PATH = "/v1/traces";
const CLOSE_WITHIN_MS = 3_000;
const NOTICE_EVERY_MS = 60_000;

/** Do these settings ask for traces? */
export const wantsTraces = (settings: TraceSettings): boolean =>
  (settings.otlpEndpoint ?? settings.otlpTracesEndpoint) !== null &&
  settings.tracesExporter === "otlp" &&
  !settings.otelDisabled;

/**
 * Registers an SDK for this process; one that is there already (brought with `node --import`) is left alone. Throws
 * CONFIG_INVALID where its packages are not installed, or the collector is to be spoken to in another protocol.
 */
export async function startTraceSdk(settings: TraceSettings, parts: SdkParts): Promise<TraceSdk> {
  if (settings.otlpProtocol !== "http/protobuf") throw otherProtocol(settings.otlpProtocol);
  const { api, sdk, resources, otlp } = await loadPackages();
  const exporter = new otlp.OTLPTraceExporter({
    url: urlOf(settings),
    headers: { ...settings.otlpHeaders, ...settings.otlpTracesHeaders },
  });
  const processor = new sdk.BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: settings.spanDelayMs,
    maxQueueSize: settings.spanQueueMax,
    maxExportBatchSize: Math.min(settings.spanBatchMax, settings.spanQueueMax),
  });
  const provider = new sdk.TracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes(resourceOf(settings, parts))),
    sampler: samplerOf(settings, sdk),
    spanProcessors: [processor],
  });
  if (!api.trace.setGlobalTracerProvider(provider)) {
    await provider.shutdown();
    return { close: () => Promise.resolve() };
  }
  api.diag.setLogger(noticing(parts), { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true });
  return {
    close: async () => {
      await shutDown(provider, parts.tell);
      api.trace.disable();
      api.diag.disable();
    },
  };
}

async function loadPackages() {
  try {
    const [api, sdk, resources, otlp] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/exporter-trace-otlp-proto"),
    ]);
    return { api, sdk, resources, otlp };
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND";
    throw isMissing ? notInstalled(cause) : cause;
  }
}

type Sdk = Awaited<ReturnType<typeof loadPackages>>["sdk"];

function samplerOf({ tracesSampler, tracesSamplerArg }: TraceSettings, sdk: Sdk) {
  const plain = {
    always_on: () => new sdk.AlwaysOnSampler(),
    always_off: () => new sdk.AlwaysOffSampler(),
    traceidratio: () => new sdk.TraceIdRatioBasedSampler(tracesSamplerArg),
  };
  switch (tracesSampler) {
    case "always_on":
    case "always_off":
    case "traceidratio":
      return plain[tracesSampler]();
    case "parentbased_always_on":
      return new sdk.ParentBasedSampler({ root: plain.always_on() });
    case "parentbased_always_off":
      return new sdk.ParentBasedSampler({ root: plain.always_off() });
    case "parentbased_traceidratio":
      return new sdk.ParentBasedSampler({ root: plain.traceidratio() });
  }
}

function resourceOf({ serviceName, resourceAttributes }: TraceSettings, { version, instanceId }: SdkParts) {
  return {
    "service.name": "hookwave",
    "service.version": version,
    "service.instance.id": instanceId,
    ...resourceAttributes,
    ...(serviceName !== null && { "service.name": serviceName }),
  };
}

/** The one for traces is taken as it is; to the general one their path is added. */
function urlOf({ otlpTracesEndpoint, otlpEndpoint }: TraceSettings): string {
  return otlpTracesEndpoint ?? `${otlpEndpoint?.replace(/\/$/, "")}${TRACES_PATH}`;
}

/**
 * The SDK's own complaints, once a minute at the most. Their texts are left out: they hold URLs and answers of a
 * collector.
 */
function noticing({ monotonicMs, tell }: SdkParts) {
  let quietUntil = 0;
  const notice = (): void => {
    if (monotonicMs() < quietUntil) return;
    quietUntil = monotonicMs() + NOTICE_EVERY_MS;
    tell({ kind: "service.noticed", notice: LOST, detail: {} });
  };
  const ignore = (): void => undefined;
  return { error: notice, warn: notice, info: ignore, debug: ignore, verbose: ignore };
}

const LOST =
  "traces are being lost: the collector of OTEL_EXPORTER_OTLP_ENDPOINT does not take them, or there are more than OTEL_BSP_MAX_QUEUE_SIZE; events are delivered all the same";

/** A collector that does not answer keeps no process from ending. */
async function shutDown(provider: { readonly shutdown: () => Promise<void> }, tell: Tell): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, CLOSE_WITHIN_MS);
  const lost = (): void => tell({ kind: "service.noticed", notice: LOST, detail: {} });
  await Promise.race([provider.shutdown().catch(lost), late.promise]);
  clearTimeout(timer);
}

function notInstalled(cause: Error): HookwaveError {
  const complaint = {
    expected: "OpenTelemetry's packages, because OTEL_EXPORTER_OTLP_ENDPOINT names a collector",
    got: /'(@opentelemetry\/[\w-]+)'/.exec(cause.message)?.[1]?.replace(/^/, "no ") ?? "not all of them",
    remedy: `${INSTALL}; or unset it`,
  };
  return new HookwaveError("CONFIG_INVALID", complaint, { cause });
}

function otherProtocol(protocol: string): HookwaveError {
  return new HookwaveError("CONFIG_INVALID", {
    expected: "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, which is all that is spoken here",
    got: protocol,
    remedy:
      "name the collector's address for OTLP over HTTP, most often its port 4318, and unset the protocol",
  });
}
