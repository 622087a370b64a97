/** An OpenTelemetry collector, as far as tests need one: takes OTLP over HTTP and decodes the protobuf that arrives. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";

export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of its trace. */
  readonly parentId: string;
  readonly kind: string;
  readonly status: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Span ids. */
  readonly links: readonly string[];
  /** Of the process that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Collector extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: () => readonly CollectedSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** All that has come, for a search. */
  readonly text: () => string;
}

export async function startCollector(status = 200): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  let all = "";
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    requests.push({ path: request.url ?? "", headers: request.headers });
    all += body.toString("latin1");
    if (status === 200) spans.push(...decode(body));
    response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    spans: () => spans,
    requests,
    text: () => all,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

type Fields = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUSES = ["unset", "ok", "error"];

/** ExportTraceServiceRequest → ResourceSpans → ScopeSpans → Span, by the field numbers of opentelemetry-proto 1.x. */
function decode(body: Buffer): readonly CollectedSpan[] {
  return inside(fieldsOf(body), 1).flatMap((ofResource) => {
    const resource = attributesIn(inside(ofResource, 1)[0], 1);
    const found = inside(ofResource, 2).flatMap((ofScope) => inside(ofScope, 2));
    return found.map((span) => ({
      name: text(span, 5),
      traceId: hex(span, 1),
      spanId: hex(span, 2),
      parentId: hex(span, 4),
      kind: KINDS[Number(span.get(6)?.[0] ?? 0)] ?? "",
      status: STATUSES[Number(inside(span, 15)[0]?.get(3)?.[0] ?? 0)] ?? "",
      attributes: attributesIn(span, 9),
      links: inside(span, 13).map((link) => hex(link, 2)),
      resource,
    }));
  });
}

const bytes = (fields: Fields | undefined, at: number): readonly Buffer[] =>
  fields?.get(at)?.filter((value) => Buffer.isBuffer(value)) ?? [];
const inside = (fields: Fields, at: number): readonly Fields[] => bytes(fields, at).map(fieldsOf);
const text = (fields: Fields, at: number): string => bytes(fields, at)[0]?.toString("utf8") ?? "";
const hex = (fields: Fields, at: number): string => bytes(fields, at)[0]?.toString("hex") ?? "";

/** Repeated KeyValue: strings and whole numbers, which is all that is sent here. */
function attributesIn(fields: Fields | undefined, at: number): Readonly<Record<string, unknown>> {
  const pairs = bytes(fields, at).map((pair) => {
    const read = fieldsOf(pair);
    const [value] = inside(read, 2);
    const whole = value?.get(3)?.[0];
    return [text(read, 1), typeof whole === "bigint" ? Number(whole) : value && text(value, 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** One message of protobuf's wire format: by field number, varints as numbers and everything else as its bytes. */
function fieldsOf(message: Buffer): Fields {
  const fields = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = (): bigint => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7n;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    const value = wire === 0 ? varint() : take(wire === 2 ? Number(varint()) : wire === 1 ? 8 : 4);
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}
