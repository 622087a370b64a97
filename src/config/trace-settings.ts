/**
 * Traces' settings, under the names that OpenTelemetry gives them everywhere. Part of the table in settings.ts. What is not
 * among them (timeout, compression, certificates) its exporter reads by itself.
 */
import * as forms from "./forms.ts";
import { optionalSetting, setting } from "./setting.ts";

const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

export const traceSettings = {
  otlpEndpoint: optionalSetting(forms.url(["https:", "http:"]), {
    variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
    doc: "An OpenTelemetry collector that takes traces by OTLP over HTTP (docs/observability.md); without one there are none. `/v1/traces` is added.",
    // It may hold a token.
    isSecret: true,
    remedy: "for example OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318",
  }),
  otlpTracesEndpoint: optionalSetting(forms.url(["https:", "http:"]), {
    variable: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    doc: "The same for traces alone, taken as it is.",
    isSecret: true,
    remedy: "for example OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://localhost:4318/v1/traces",
  }),
  otlpProtocol: setting(forms.choice(["http/protobuf", "http/json", "grpc"]), "http/protobuf", {
    variable: "OTEL_EXPORTER_OTLP_PROTOCOL",
    doc: "The language of the collector. With an endpoint, any other than http/protobuf is refused at start.",
  }),
  otlpHeaders: setting(forms.pairs(), "", {
    variable: "OTEL_EXPORTER_OTLP_HEADERS",
    doc: "Headers for the collector, such as its key.",
    isSecret: true,
    remedy: "write them like api-key=…,tenant=…",
  }),
  otlpTracesHeaders: setting(forms.pairs(), "", {
    variable: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    doc: "More of them, for traces alone.",
    isSecret: true,
    remedy: "write them like api-key=…,tenant=…",
  }),
  tracesExporter: setting(forms.choice(["otlp", "none"]), "otlp", {
    variable: "OTEL_TRACES_EXPORTER",
    doc: "`none` turns traces off whatever the endpoint.",
  }),
  otelDisabled: setting(forms.flag(), "false", {
    variable: "OTEL_SDK_DISABLED",
    doc: "The same.",
  }),
  tracesSampler: setting(forms.choice(SAMPLERS), "parentbased_always_on", {
    variable: "OTEL_TRACES_SAMPLER",
    doc: "Which traces are kept; `parentbased_…` asks only where the producer has not decided already.",
  }),
  tracesSamplerArg: setting(forms.ratio(), "1", {
    variable: "OTEL_TRACES_SAMPLER_ARG",
    doc: "The part that `traceidratio` keeps.",
  }),
  serviceName: optionalSetting(forms.text("a name without line breaks", /^[^\r\n]{1,255}$/), {
    variable: "OTEL_SERVICE_NAME",
    doc: "The name of this service in traces; `hookwave` when absent.",
  }),
  resourceAttributes: setting(forms.pairs(), "", {
    variable: "OTEL_RESOURCE_ATTRIBUTES",
    doc: "More to say of this process with each span, such as deployment.environment.name=production.",
  }),
  spanDelayMs: setting(forms.wholeNumber(1, 600_000), "5000", {
    variable: "OTEL_BSP_SCHEDULE_DELAY",
    doc: "How long spans wait for others at the most.",
    unit: "ms",
  }),
  spanQueueMax: setting(forms.wholeNumber(1, 1_000_000), "2048", {
    variable: "OTEL_BSP_MAX_QUEUE_SIZE",
    doc: "Spans that wait in memory; what comes beyond is dropped, and that it was is logged.",
    unit: "spans",
  }),
  spanBatchMax: setting(forms.wholeNumber(1, 1_000_000), "512", {
    variable: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    doc: "Spans that go to the collector together.",
    unit: "spans",
  }),
};
