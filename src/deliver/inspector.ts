/**
 * Sends one POST as a delivery would be sent, and says how long each part of it took. Every one has a fresh
 * connection, because one that is open already has no name to resolve and no handshake to show; guard, deadline and
 * reading of the answer are the transport's own. It retries nothing and teaches no breaker or concurrency limit.
 */
import { Agent, type Dispatcher } from "undici";
import { summarise } from "../core/errors.ts";
import { ConnectFailure, type ConnectStage, createGuardedConnector } from "./guarded-connector.ts";
import { OpenExchange, type Routes, type Settling } from "./open-exchange.ts";
import type { Exchange, InspectedExchange, Inspector, OutgoingRequest, Timings } from "./ports.ts";
import { AGENT_OPTIONS, checkTarget, closedError, type Target, type TransportOptions } from "./transport.ts";

export function createInspector(options: TransportOptions): Inspector {
  const open = new Set<Agent>();
  let isAbandoned = false;

  const sendTo = async (
    target: Extract<Target, { readonly kind: "open" }>,
    request: OutgoingRequest,
  ): Promise<InspectedExchange> => {
    const sighting = new Sighting(options.now);
    const { connect } = createGuardedConnector({ ...options, onStage: sighting.reached });
    // In undici, pipelining 0 means one connection per request.
    const agent = new Agent({ ...AGENT_OPTIONS, connect, pipelining: 0 });
    open.add(agent);
    try {
      const exchange = await watch(target, request, agent, sighting);
      if (exchange.kind === "failed" && isAbandoned) throw closedError();
      return sighting.report(exchange);
    } finally {
      open.delete(agent);
      await agent.destroy();
    }
  };

  return {
    send: async (request) => {
      if (isAbandoned) throw closedError();
      const target = checkTarget(request.url, options.policy);
      if (target.kind === "open") return await sendTo(target, request);
      return { exchange: target.exchange, timings: NO_TIMINGS, headers: {}, detail: target.problem };
    },
    abandon: async () => {
      isAbandoned = true;
      await Promise.all([...open].map((agent) => agent.destroy()));
    },
  };
}

function watch(
  { origin, path }: Extract<Target, { readonly kind: "open" }>,
  { headers, body, timeoutMs }: OutgoingRequest,
  agent: Agent,
  sighting: Sighting,
): Promise<Exchange> {
  const routes = { kept: agent, single: agent, endedReused: () => false, now: sighting.now };
  return new Promise((resolve, reject) => {
    const sent = { origin, path, method: "POST", headers, body } as const;
    new WatchedExchange(sent, routes, { resolve, reject }, sighting).start(timeoutMs);
  });
}

const NO_TIMINGS: Timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 };

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One exchange as it was seen, moment by moment. */
class Sighting {
  readonly now: () => number;
  readonly #startedAt: number;
  readonly #stageAt = new Map<ConnectStage, number>();
  #firstByteAt: number | null = null;
  #headers: AnswerHeaders = {};
  #detail: string | null = null;

  constructor(now: () => number) {
    this.now = now;
    this.#startedAt = now();
  }

  readonly reached = (stage: ConnectStage): void => {
    this.#stageAt.set(stage, this.now());
  };

  answering(): void {
    this.#firstByteAt ??= this.now();
  }

  answered(headers: AnswerHeaders): void {
    this.#headers = headers;
  }

  failed(error: Error): void {
    this.#detail = summarise(error instanceof ConnectFailure ? error.cause : error).code;
  }

  report(exchange: Exchange): InspectedExchange {
    const [resolved, connected, secured] = [this.#at("resolved"), this.#at("connected"), this.#at("secured")];
    const timings = {
      dnsMs: between(this.#startedAt, resolved),
      connectMs: between(resolved ?? this.#startedAt, connected),
      tlsMs: between(connected, secured),
      firstByteMs: between(secured ?? connected, this.#firstByteAt),
      totalMs: inTenths(this.now() - this.#startedAt),
    };
    const isAnswered = exchange.kind === "answered";
    return {
      exchange,
      timings,
      headers: isAnswered ? asText(this.#headers) : {},
      detail: isAnswered ? null : this.#detail,
    };
  }

  #at(stage: ConnectStage): number | null {
    return this.#stageAt.get(stage) ?? null;
  }
}

function between(start: number | null, end: number | null): number | null {
  return start === null || end === null ? null : inTenths(end - start);
}

const inTenths = (ms: number): number => Math.round(ms * 10) / 10;

function asText(headers: AnswerHeaders): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([name, value = ""]) => [name, [value].flat().join(", ")]);
  return Object.fromEntries(entries);
}

class WatchedExchange extends OpenExchange {
  readonly #sighting: Sighting;

  constructor(request: Dispatcher.DispatchOptions, routes: Routes, settling: Settling, sighting: Sighting) {
    super(request, routes, settling);
    this.#sighting = sighting;
  }

  override onResponseStarted(): void {
    this.#sighting.answering();
    super.onResponseStarted();
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHeaders,
  ): void {
    this.#sighting.answered(headers);
    super.onResponseStart(controller, status, headers);
  }

  override onResponseError(controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#sighting.failed(error);
    super.onResponseError(controller, error);
  }
}
