/** Traces where Hookwave is part of somebody's program: in the OpenTelemetry that is there, or in none. */
import { channel } from "node:diagnostics_channel";
import { createRequire } from "node:module";
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPublisher } from "../../src/index.ts";
import { canary, found } from "../support/canaries.ts";
import { startReceiver } from "../support/receiver.ts";
import { secretOf } from "../support/secret-of.ts";
import { startHookwave, startRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/;

/** The SDK of the program, as its owner would start it. */
function startSdk(sampler?: Sampler) {
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors, ...(sampler && { sampler }) }));
  const spans = () => exporter.getFinishedSpans();
  return { spans, ofKind: (kind: api.SpanKind) => spans().filter((span) => span.kind === kind) };
}

afterEach(() => {
  api.trace.disable();
  api.context.disable();
});

describe("in a program with OpenTelemetry of its own", () => {
  it("a publish is a child of what is going on, and each attempt of the publish, links included", async () => {
    const { ofKind } = startSdk();
    await using redis = await startRedis();
    await using receiver = await startReceiver(500, 200);
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [10] });
    const publisher = createPublisher({ redisUrl: redis.url });
    const request = api.trace.getTracer("its own").startSpan("GET /orders");
    const event = { type: "order.paid", data: { order: "o_1" } };
    await api.context.with(api.trace.setSpan(api.context.active(), request), () => publisher.publish(event));
    await receiver.received(2);
    await publisher.close();

    const [publish] = ofKind(api.SpanKind.PRODUCER);
    const attempts = await until("both attempts have ended", () => {
      const ended = ofKind(api.SpanKind.CLIENT);
      return ended.length === 2 && ended;
    });
    expect(publish?.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    for (const attempt of attempts) expect(attempt.parentSpanContext).toMatchObject(place(publish));
    expect(attempts.map(({ links }) => links.map(({ context }) => context.spanId))).toEqual([
      [],
      [attempts[0]?.spanContext().spanId],
    ]);
    expect(receiver.requests.map(({ headers }) => headers["traceparent"])).toEqual(
      attempts.map((attempt) => text(attempt)),
    );
  });

  it("each event of a batch has its own trace, and what it brings itself is its parent", async () => {
    const { ofKind } = startSdk();
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    const events = [{ traceparent: PARENT }, {}, { traceparent: "nonsense" }];
    await hookwave.publishMany(events.map((own) => ({ type: "thing.made", data: {}, ...own })));
    await receiver.received(3);
    const traces = ofKind(api.SpanKind.PRODUCER).map((span) => span.spanContext().traceId);
    expect(traces[0]).toBe(TRACE);
    expect(new Set(traces).size).toBe(3);
    const sent = receiver.requests.map(({ headers }) => String(headers["traceparent"]).slice(3, 35));
    expect(sent.toSorted()).toEqual(traces.toSorted());
  });

  it("an instrumentation of HTTP clients adds neither spans nor headers to what is sent", async () => {
    const { spans } = startSdk();
    const instrument = ({ request }: { request: { addHeader: (name: string, value: string) => void } }) => {
      const span = api.trace.getTracer("undici").startSpan("their span");
      if (api.isSpanContextValid(span.spanContext())) request.addHeader("x-theirs", "1");
      span.end();
    };
    const created = channel("undici:request:create");
    const listen = (message: unknown): void => instrument(message as Parameters<typeof instrument>[0]);
    created.subscribe(listen);
    try {
      await using redis = await startRedis();
      await using receiver = await startReceiver();
      await using hookwave = await startHookwave(redis);
      await hookwave.endpoints.add({ url: receiver.url, profile: "github" });
      await hookwave.publish({ type: "thing.made", data: {} });
      const [request] = await receiver.received(1);
      expect(request?.headers).not.toHaveProperty("x-theirs");
      expect(request?.headers).not.toHaveProperty("traceparent");
      expect(spans().map(({ name }) => name)).not.toContain("their span");
    } finally {
      created.unsubscribe(listen);
    }
  });

  it("what is not sampled is passed on as such, and no span is kept", async () => {
    const { spans } = startSdk({
      shouldSample: () => ({ decision: api.SamplingDecision.NOT_RECORD }),
      toString: () => "never",
    });
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publish({ type: "thing.made", data: {} });
    const [request] = await receiver.received(1);
    expect(request?.headers["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(spans()).toEqual([]);
  });

  it("one that throws costs spans, and no event", async () => {
    startSdk({
      shouldSample: () => {
        throw new Error("a sampler with a bug");
      },
      toString: () => "broken",
    });
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis);
    await hookwave.endpoints.add({ url: receiver.url });
    for (let n = 0; n < 3; n += 1)
      await hookwave.publish({ type: "thing.made", data: {}, traceparent: PARENT });
    const [request] = await receiver.received(3);
    expect(request?.headers["traceparent"]).toBe(PARENT);
    const texts = warned.mock.calls
      .map(([warning]) => String(warning))
      .filter((one) => one.startsWith("tracing"));
    warned.mockRestore();
    expect(texts.map((one) => one.replace(/:.*/, ""))).toEqual([
      'tracing failed at a span of "publish"',
      'tracing failed at a span of "attempt"',
    ]);
  });

  it("no secret is in a span, however an attempt ends", async () => {
    const { spans } = startSdk();
    const secrets = {
      "a secret": secretOf(canary()),
      "a header": canary(),
      "a URL's path": canary(),
      "a URL's query": canary(),
      "an event's data": canary(),
      "an answer": canary(),
      "a destination's path": canary(),
    };
    await using redis = await startRedis();
    await using receiver = await startReceiver((response) =>
      response.writeHead(500).end(secrets["an answer"]),
    );
    await using hookwave = await startHookwave(redis, { breakerFailureThreshold: 1_000 });
    const { origin } = new URL(receiver.url);
    const common = {
      secrets: [secrets["a secret"]],
      headers: { "x-key": secrets["a header"] },
      retrySchedule: [1],
    };
    const url = `${origin}/${secrets["a URL's path"]}?token=${secrets["a URL's query"]}`;
    await hookwave.endpoints.add({ ...common, id: "refuses", url, signsDestinations: true });
    await hookwave.endpoints.add({ ...common, id: "gone", url: url.replace(/:\d+\//, ":1026/") });
    const destinations = [{ url: `${origin}/${secrets["a destination's path"]}`, keyId: "refuses" }];
    await hookwave.publish({ type: "thing.made", data: { text: secrets["an event's data"] }, destinations });
    const attempts = await until("all attempts have ended", () => {
      const ended = spans().filter(({ kind }) => kind === api.SpanKind.CLIENT);
      return ended.length === 6 && ended;
    });
    expect(new Set(attempts.map(({ attributes }) => attributes["hookwave.outcome"]))).toEqual(
      new Set(["refused", "unreachable"]),
    );
    const all = spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    expect(JSON.stringify(all)).toContain(`${origin}/***`);
    expect(found(secrets, JSON.stringify(all))).toEqual([]);
  });
});

const place = (span: { spanContext: () => api.SpanContext } | undefined) => {
  const { traceId, spanId } = span?.spanContext() ?? {};
  return { traceId, spanId };
};
const text = (span: { spanContext: () => api.SpanContext }): string =>
  `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`;

describe("where no traces are asked for", () => {
  it("OpenTelemetry is not called once, though it is installed", async () => {
    // Something has been registered once: only by asking can it be known that no SDK is there any more.
    startSdk();
    api.trace.disable();
    api.context.disable();
    await using redis = await startRedis();
    await using receiver = await startReceiver(500, 200);
    await using hookwave = await startHookwave(redis);
    const ours: typeof api = createRequire(import.meta.url)("@opentelemetry/api");
    const calls = [
      vi.spyOn(ours.trace, "getTracer"),
      vi.spyOn(ours.trace, "getTracerProvider"),
      vi.spyOn(ours.trace, "setSpanContext"),
      vi.spyOn(ours.context, "active"),
      vi.spyOn(ours.context, "with"),
      vi.spyOn(ours.ProxyTracer.prototype, "startSpan"),
    ];
    await hookwave.endpoints.add({ url: receiver.url, retrySchedule: [10] });
    await hookwave.publish({ type: "thing.made", data: {} });
    const [request] = await receiver.received(2);
    expect(calls.map((call) => call.mock.calls.length)).toEqual(calls.map(() => 0));
    for (const call of calls) call.mockRestore();
    expect(request?.headers).not.toHaveProperty("traceparent");
    expect(request?.headers).not.toHaveProperty("tracestate");
  });

  it("none are made in a program that has OpenTelemetry and wants none of ours", async () => {
    const { spans } = startSdk();
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis, { traces: false });
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publish({ type: "thing.made", data: {} });
    const [request] = await receiver.received(1);
    expect(request?.headers).not.toHaveProperty("traceparent");
    expect(spans()).toEqual([]);
  });
});

describe("an insistence on traces", () => {
  beforeEach(() => void startSdk());
  it("is met by whatever OpenTelemetry there is", async () => {
    await using redis = await startRedis();
    await using receiver = await startReceiver();
    await using hookwave = await startHookwave(redis, { traces: true });
    await hookwave.endpoints.add({ url: receiver.url });
    await hookwave.publish({ type: "thing.made", data: {} });
    const [request] = await receiver.received(1);
    expect(request?.headers["traceparent"]).toMatch(TRACEPARENT);
  });
});
