/**
 * One POST under way: undici's view of it on one side, the caller's promise on the other. It is written as a
 * dispatch handler because that is undici's cheapest entrance, and this is the hottest path of a worker.
 * It refuses to wait for a body longer than the body is worth.
 */
import { type Agent, type Dispatcher, errors } from "undici";
import { codeOf, type HookwaveError } from "../core/errors.ts";
import type { UnreachableReason } from "../core/outcome.ts";
import { Deadline } from "./deadline.ts";
import { ConnectFailure } from "./guarded-connector.ts";
import { localExhaustion } from "./local-exhaustion.ts";
import { HEAD_PROBLEMS, type HeadProblem, type OddHead, readOddHead } from "./odd-head.ts";
import type { OutboundProxy } from "./outbound-proxy.ts";
import type { Exchange } from "./ports.ts";

/** The ways out of the house, and what is needed to choose among them. */
export interface Routes {
  /** Connections kept for the next request. */
  readonly kept: Agent;
  /** One fresh connection per request. */
  readonly single: Agent;
  readonly endedReused: (error: Error) => boolean;
  readonly heardBefore: (error: Error) => Buffer | undefined;
  readonly endedInTunnel: (error: Error) => boolean;
  readonly proxy: OutboundProxy | null;
  /** A monotonic clock in ms. */
  readonly now: () => number;
}

/** Ends an exchange; only a failure of our own rejects. */
export interface Settling {
  readonly resolve: (exchange: Exchange) => void;
  readonly reject: (error: Error) => void;
}

const EXCERPT_BYTES = 16 * 1_024;
/** Bytes read beyond the excerpt to keep a connection usable; a longer body costs its connection. */
const DRAIN_BYTES = 128 * 1_024;
/** Time for the rest of a body once the status is known; then the answer goes out as it stands. */
const BODY_GRACE_MS = 1_000;
/**
 * A reused connection that dies unanswered within this time was closed before we wrote to it (trap 25). The
 * request is sent once more, which is no attempt.
 */
const STALE_WITHIN_MS = 1_000;

/** Made once: an error's stack is dear, and undici only hands it back. */
const ENOUGH = new Error("the exchange has ended on our side");

export class OpenExchange implements Dispatcher.DispatchHandler {
  readonly #request: Dispatcher.DispatchOptions;
  readonly #routes: Routes;
  readonly #settling: Settling;
  #controller: Dispatcher.DispatchController | null = null;
  #deadline: Deadline | undefined;
  #bodyGrace: NodeJS.Timeout | undefined;
  #isSettled = false;
  #sentAtMs = 0;
  #hasBegun = false;
  #status = 0;
  #retryAfter: string | undefined;
  #instruction: string | undefined;
  #chunks: Buffer[] = [];
  #bodyBytes = 0;

  constructor(request: Dispatcher.DispatchOptions, routes: Routes, settling: Settling) {
    this.#request = request;
    this.#routes = routes;
    this.#settling = settling;
  }

  start(timeoutMs: number): void {
    this.#deadline = new Deadline(timeoutMs, this.#routes.now, () => this.#expire());
    this.#routes.kept.dispatch(this.#request, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sentAtMs = this.#routes.now();
    // The deadline may have passed while this waited for a connection.
    if (this.#isSettled) controller.abort(ENOUGH);
  }

  /** Called at the first byte of an answer. */
  onResponseStarted(): void {
    this.#hasBegun = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // Interim answers (1xx) say nothing yet, however many come.
    if (status < 200) return;
    this.#status = status;
    this.#retryAfter = first(headers["retry-after"]);
    this.#instruction = first(headers["webhook-delivery"]);
    this.#bodyGrace = setTimeout(() => this.#expire(), BODY_GRACE_MS);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const missingBytes = EXCERPT_BYTES - this.#bodyBytes;
    this.#bodyBytes += chunk.length;
    if (missingBytes > 0) this.#chunks.push(chunk.subarray(0, missingBytes));
    if (this.#bodyBytes >= EXCERPT_BYTES) this.#answer();
    if (this.#bodyBytes > DRAIN_BYTES) controller.abort(ENOUGH);
  }

  onResponseEnd(): void {
    this.#stopTimers();
    this.#answer();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#deservesFreshConnection(error)) {
      this.#controller = null;
      this.#routes.single.dispatch(this.#request, this);
      return;
    }
    if (this.#status === 0 && this.#readOdd(error)) return;
    const own = localExhaustion(error instanceof ConnectFailure ? error.cause : error);
    const failure = failureOf(error);
    if (own === null && this.#mayBeTheProxys(failure, error)) void this.#lookAtProxy(failure);
    else this.#fail(failure, own);
  }

  /** A tunnel breaks off the same whichever of its two ends is gone. */
  #mayBeTheProxys(failure: Exchange, error: Error): boolean {
    const isReset = failure.kind === "failed" && failure.reason === "reset";
    return isReset && this.#status === 0 && this.#routes.endedInTunnel(error);
  }

  /** While the deadline goes on. */
  async #lookAtProxy(failure: Exchange): Promise<void> {
    this.#fail(failure, (await this.#routes.proxy?.look()) ?? null);
  }

  #fail(failure: Exchange, own: HookwaveError | null): void {
    this.#stopTimers();
    if (own === null || this.#status > 0) this.#conclude(failure);
    else this.#finish(() => this.#settling.reject(own));
  }

  /** True for an answer that is good enough, though undici does not take it; its connection has ended with it. */
  #readOdd(error: Error): boolean {
    const head = oddHeadOf(error, this.#routes);
    if (head === null) return false;
    if (typeof head === "string") this.tellProblem(head);
    if (typeof head === "string" || this.#controller === null) return false;
    this.onResponseStart(this.#controller, head.status, head.headers);
    this.#stopTimers();
    this.#chunks = [head.body.subarray(0, EXCERPT_BYTES)];
    this.#answer();
    return true;
  }

  /** Hears why an answer was refused. */
  protected tellProblem(_problem: HeadProblem): void {}

  /** Never twice: a connection for one request was not used before, and their number is not limited by origin. */
  #deservesFreshConnection(error: Error): boolean {
    if (error instanceof errors.MaxOriginsReachedError) return true;
    if (this.#hasBegun || !this.#routes.endedReused(error)) return false;
    const wasSent = this.#controller !== null;
    return !wasSent || this.#routes.now() - this.#sentAtMs <= STALE_WITHIN_MS;
  }

  /** Time is up, for the exchange or for the rest of its body. */
  #expire(): void {
    const isUnsent = this.#controller === null;
    const own = isUnsent ? this.#routes.proxy?.troubleOf(`${this.#request.origin}`) : null;
    this.#fail({ kind: "failed", reason: "timeout" }, own ?? null);
    this.#controller?.abort(ENOUGH);
  }

  /** The status line is the outcome: what breaks after it changes nothing (trap 24). */
  #conclude(failure: Exchange): void {
    if (this.#status > 0) this.#answer();
    else this.#finish(() => this.#settling.resolve(failure));
  }

  #answer(): void {
    this.#finish(() =>
      this.#settling.resolve({
        kind: "answered",
        status: this.#status,
        retryAfter: this.#retryAfter,
        instruction: this.#instruction,
        excerpt: decode(this.#chunks),
      }),
    );
  }

  /** Once settled, what still comes is drained and forgotten. */
  #finish(settle: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    settle();
    this.#chunks = [];
  }

  #stopTimers(): void {
    this.#deadline?.stop();
    clearTimeout(this.#bodyGrace);
  }
}

/** As UTF-8; what is not becomes U+FFFD. */
function decode(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only.toString() : Buffer.concat(chunks).toString();
}

function first(value: string | string[] | undefined): string | undefined {
  return typeof value === "object" ? value[0] : value;
}

/** Null where nothing has come that could be one. */
function oddHeadOf(error: Error, { heardBefore }: Routes): OddHead | HeadProblem | null {
  if (error instanceof errors.HeadersOverflowError) return HEAD_PROBLEMS.tooLarge;
  if (!isParserError(error)) return null;
  const heard = heardBefore(error);
  return heard === undefined ? null : readOddHead(heard);
}

/** A length that was misread is found wanting before the rest of the head is. */
const isParserError = (error: Error): boolean =>
  error instanceof errors.HTTPParserError || error instanceof errors.ResponseContentLengthMismatchError;

function failureOf(error: Error): Exchange {
  return error instanceof ConnectFailure ? error.exchange : { kind: "failed", reason: reasonOf(error) };
}

function reasonOf(error: Error): UnreachableReason {
  const code = codeOf(error) ?? "";
  // Since TLS 1.3 a receiver may reject us after the handshake, with its first answer.
  if (code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) return "tls";
  // undici's "bad response" and "bad upgrade": an answer nobody asked for.
  if (error instanceof errors.SocketError) return error.message.startsWith("bad ") ? "protocol" : "reset";
  return error instanceof errors.UndiciError || error instanceof errors.HTTPParserError
    ? "protocol"
    : "reset";
}
