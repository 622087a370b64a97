/**
 * Sends one POST as a delivery would be sent, and says how long each part of it took. Every one has a fresh
 * connection, because one that is open already has no name to resolve and no handshake to show; guard, deadline and
 * reading of the answer are the transport's own. It retries nothing and teaches no breaker or concurrency limit.
 */
import { Agent, type Dispatcher } from "undici";
import { summarise } from "../core/errors.ts";
import type { ClosedNetwork } from "./address-guard.ts";
import { ConnectFailure, type ConnectStage, createGuardedConnector } from "./guarded-connector.ts";
import type { HeadProblem } from "./odd-head.ts";
import { OpenExchange, type Routes, type Settling } from "./open-exchange.ts";
import type { Exchange, InspectedExchange, Inspector, OutgoingRequest, Timings } from "./ports.ts";
import { AGENT_OPTIONS, checkTarget, closedError, type Target, type TransportOptions } from "./transport.ts";

export function createInspector(options: TransportOptions): Inspector {
  const open = new Set<Agent>();
  let isAbandoned = false;

  const sendTo = async (
    { origin, path }: Extract<Target, { readonly kind: "open" }>,
    { headers, body, timeoutMs }: OutgoingRequest,
  ): Promise<InspectedExchange> => {
    const { now, proxy } = options;
    const sighting: Sighting = { at: { started: now() }, headers: {}, detail: null, closedNetwork: null };
    const onStage = (stage: ConnectStage): void => {
      sighting.at[stage] = now();
    };
    const { connect, heardBefore, endedInTunnel } = createGuardedConnector({ ...options, onStage });
    // In undici, pipelining 0 means one connection per request.
    const agent = new Agent({ ...AGENT_OPTIONS, connect, pipelining: 0 });
    const routes = {
      kept: agent,
      single: agent,
      endedReused: () => false,
      heardBefore,
      endedInTunnel,
      proxy,
      now,
    };
    const sent = { origin, path, method: "POST", headers, body } as const;
    open.add(agent);
    try {
      const exchange = await new Promise<Exchange>((resolve, reject) =>
        new WatchedExchange(sent, routes, { resolve, reject }, sighting).start(timeoutMs),
      );
      if (exchange.kind === "failed" && isAbandoned) throw closedError();
      return report(exchange, sighting, now());
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
      const { exchange, problem: detail, closedNetwork } = target;
      return { exchange, timings: NO_TIMINGS, headers: {}, detail, closedNetwork };
    },
    abandon: async () => {
      isAbandoned = true;
      await Promise.all([...open].map((agent) => agent.destroy()));
    },
  };
}

const NO_TIMINGS: Timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 };

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One exchange as it was seen. */
interface Sighting {
  /** Moments in monotonic ms; those that were not reached are absent. */
  readonly at: { readonly started: number } & { [Stage in ConnectStage | "answering"]?: number };
  headers: AnswerHeaders;
  detail: string | null;
  closedNetwork: ClosedNetwork | null;
}

function report(exchange: Exchange, sighting: Sighting, endedAt: number): InspectedExchange {
  const { at, headers, detail, closedNetwork } = sighting;
  const timings = {
    dnsMs: between(at.started, at.resolved),
    connectMs: between(at.resolved ?? at.started, at.connected),
    tlsMs: between(at.connected, at.secured),
    firstByteMs: between(at.secured ?? at.connected, at.answering),
    totalMs: inTenths(endedAt - at.started),
  };
  const isAnswered = exchange.kind === "answered";
  return {
    exchange,
    timings,
    headers: isAnswered ? asText(headers) : {},
    detail: isAnswered ? null : detail,
    closedNetwork,
  };
}

function between(start: number | undefined, end: number | undefined): number | null {
  return start === undefined || end === undefined ? null : inTenths(end - start);
}

const inTenths = (ms: number): number => Math.round(ms * 10) / 10;

/** As much of them as may be shown; the rest is cut off. */
function asText(headers: AnswerHeaders): Readonly<Record<string, string>> {
  let left = SHOWN_HEADERS_MAX;
  const entries = Object.entries(headers).flatMap(([name, value = ""]): [string, string][] => {
    if (left <= name.length) return [];
    const shown = [value]
      .flat()
      .join(", ")
      .slice(0, left - name.length);
    left -= name.length + shown.length;
    return [[name, shown]];
  });
  return Object.fromEntries(entries);
}

const SHOWN_HEADERS_MAX = 16 * 1_024;

class WatchedExchange extends OpenExchange {
  readonly #routes: Routes;
  readonly #sighting: Sighting;

  constructor(request: Dispatcher.DispatchOptions, routes: Routes, settling: Settling, sighting: Sighting) {
    super(request, routes, settling);
    this.#routes = routes;
    this.#sighting = sighting;
  }

  override onResponseStarted(): void {
    this.#sighting.at.answering ??= this.#routes.now();
    super.onResponseStarted();
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHeaders,
  ): void {
    this.#sighting.headers = headers;
    super.onResponseStart(controller, status, headers);
  }

  protected override tellProblem(problem: HeadProblem): void {
    this.#sighting.detail = problem;
  }

  override onResponseError(controller: Dispatcher.DispatchController | null, error: Error): void {
    if (error instanceof ConnectFailure) this.#sighting.closedNetwork = error.closedNetwork;
    this.#sighting.detail = summarise(error instanceof ConnectFailure ? error.cause : error).code;
    super.onResponseError(controller, error);
  }
}
