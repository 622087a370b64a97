/** Traces of a service that runs by itself, as a collector gets them: the OTLP that arrives is decoded. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CollectedSpan, type Collector, startCollector } from "../support/collector.ts";
import {
  apiUrl,
  connected,
  LOOPBACK_VARIABLES,
  type RunningCommand,
  spawnCommand,
  startCommand,
} from "../support/command.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startRedis, type TestRedis } from "../support/service.ts";
import { until } from "../support/until.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = `00-${TRACE}-00f067aa0ba902b7-01`;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const variablesFor = (extra: Readonly<Record<string, string>>): Record<string, string> => ({
  ...LOOPBACK_VARIABLES,
  REDIS_URL: redis.url,
  HOOKWAVE_DATA_DIR: redis.dataDir,
  OTEL_BSP_SCHEDULE_DELAY: "20",
  ...extra,
});

async function post(url: string, path: string, body: object, headers = {}): Promise<void> {
  const response = await fetch(`${url}/api/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  expect([response.status, await response.text()]).toEqual([expect.toBeOneOf([201, 202]), expect.anything()]);
}

describe("an event that a receiver takes at the second attempt", () => {
  const SECRET = "canary-of-the-collector";
  let collector: Collector;
  let receiver: Receiver;
  let api: RunningCommand;
  let worker: RunningCommand;
  let publish: CollectedSpan | undefined;
  let attempts: readonly CollectedSpan[];

  beforeAll(async () => {
    collector = await startCollector();
    receiver = await startReceiver(503, 200);
    const variables = variablesFor({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `api-key=${SECRET}`,
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test,service.name=overruled",
      OTEL_SERVICE_NAME: "webhooks",
    });
    api = startCommand(["start", "--role", "api"], variables);
    worker = startCommand(["start", "--role", "worker"], variables);
    const url = await apiUrl(api);
    await Promise.all([connected(api), connected(worker)]);
    const endpoint = { id: "one", url: receiver.url, events: ["order.paid"], retry_schedule: ["10ms"] };
    await post(url, "webhooks", endpoint);
    const event = { id: "evt_1", type: "order.paid", data: { order: "o_1" } };
    await post(url, "events", event, { traceparent: CALLER, tracestate: "acme=1" });
    await receiver.received(2);
    await until("all spans have come", () => collector.spans().length >= 3);
    publish = collector.spans().find(({ kind }) => kind === "producer");
    attempts = collector.spans().filter(({ kind }) => kind === "client");
  }, 60_000);
  afterAll(async () => {
    await Promise.all([api[Symbol.asyncDispose](), worker[Symbol.asyncDispose]()]);
    await receiver.close();
    await collector[Symbol.asyncDispose]();
  });

  it("is one trace, from its caller over publisher and worker to the receiver", () => {
    const [first, second] = attempts;
    expect(publish).toMatchObject({
      name: "publish order.paid",
      traceId: TRACE,
      parentId: "00f067aa0ba902b7",
    });
    expect(first).toMatchObject({ name: "POST", traceId: TRACE, parentId: publish?.spanId });
    expect(second).toMatchObject({ name: "POST", traceId: TRACE, parentId: publish?.spanId });
    const [one, other] = receiver.requests.map(({ headers }) => headers);
    expect(one).toMatchObject({ traceparent: `00-${TRACE}-${first?.spanId}-01`, tracestate: "acme=1" });
    expect(other).toMatchObject({ traceparent: `00-${TRACE}-${second?.spanId}-01`, tracestate: "acme=1" });
  });

  it("has its retry linked to its first attempt", () => {
    expect(attempts.map(({ links }) => links)).toEqual([[], [attempts[0]?.spanId]]);
  });

  it("says of each attempt what became of it, in the words of the conventions", () => {
    const { host, hostname, port } = new URL(receiver.url);
    const common = {
      "http.request.method": "POST",
      "url.full": expect.stringMatching(`^http://${host}/`),
      "server.address": hostname,
      "server.port": Number(port),
      "hookwave.event.id": "evt_1",
      "hookwave.event.type": "order.paid",
      "hookwave.endpoint.id": "one",
      "hookwave.delivery.id": "evt_1.one",
      "hookwave.profile": "standard",
      "hookwave.round": 0,
    };
    expect(attempts.map(({ status, attributes }) => [status, attributes])).toEqual([
      [
        "error",
        {
          ...common,
          "hookwave.attempt.number": 1,
          "hookwave.outcome": "refused",
          "http.response.status_code": 503,
          "error.type": "503",
        },
      ],
      [
        "unset",
        {
          ...common,
          "hookwave.attempt.number": 2,
          "http.request.resend_count": 1,
          "hookwave.outcome": "delivered",
          "http.response.status_code": 200,
        },
      ],
    ]);
  });

  it("comes from processes that say who they are", () => {
    const resource = { "service.name": "webhooks", "deployment.environment.name": "test" };
    for (const span of collector.spans()) expect(span.resource).toMatchObject(resource);
    const instances = collector.spans().map((span) => span.resource["service.instance.id"]);
    expect(new Set(instances).size).toBe(2);
    expect(collector.requests).toContainEqual({
      path: "/v1/traces",
      headers: expect.objectContaining({ "api-key": SECRET }),
    });
  });

  it("has its span in the log line of each attempt", async () => {
    const lines = await until("both lines are written", () => {
      const found = worker.log().filter(({ msg }) => msg === "attempt.finished");
      return found.length === 2 && found;
    });
    const places = attempts.map(({ spanId }) => `00-${TRACE}-${spanId}-01`);
    expect(lines.map(({ traceparent }) => traceparent)).toEqual(places);
    expect(api.stdout() + worker.stdout()).not.toContain(SECRET);
  });
});

describe("a collector", () => {
  it("that takes nothing costs no delivery and no shutdown, and the log says so", async () => {
    await using collector = await startCollector(400);
    await using receiver = await startReceiver();
    const variables = variablesFor({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await using service = startCommand(["start"], variables);
    const url = await apiUrl(service);
    await connected(service);
    await post(url, "webhooks", { id: "two", url: receiver.url, events: ["thing.made"] });
    await post(url, "events", { type: "thing.made", data: {} });
    await receiver.received(1);
    const isSaid = ({ notice }: { readonly [name: string]: unknown }): boolean =>
      String(notice).startsWith("traces are being lost");
    await until("it is said that spans are lost", () => service.log().some(isSaid));
    service.signal("SIGTERM");
    expect(await service.ended()).toBe(0);
  });

  it.each([
    { OTEL_SDK_DISABLED: "true" },
    { OTEL_TRACES_EXPORTER: "none" },
    { OTEL_TRACES_SAMPLER: "always_off" },
    { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
  ])("gets nothing with %o", async (variables) => {
    await using collector = await startCollector();
    await using receiver = await startReceiver();
    const service = startCommand(
      ["start"],
      variablesFor({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...variables }),
    );
    const url = await apiUrl(service);
    await connected(service);
    await post(url, "webhooks", { url: receiver.url, events: ["thing.made"] });
    await post(url, "events", { type: "thing.made", data: {} });
    await receiver.received(1);
    await service[Symbol.asyncDispose]();
    expect(collector.requests).toEqual([]);
  });

  it("that speaks another protocol is refused at start", async () => {
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    };
    const { code, stderr } = await spawnCommand(["start"], variablesFor(variables));
    expect(stderr).toMatch(/expected +OTEL_EXPORTER_OTLP_PROTOCOL=http\/protobuf.*\n +got +grpc/);
    expect(code).toBe(78);
  });
});
