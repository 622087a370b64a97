/**
 * A receiver on loopback for somebody who wants to see: take a request → diagnose it → answer (or misbehave, or let
 * another server answer) → tell. It keeps nothing, and stops for nothing that a sender does.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { HookwaveError, summarise } from "../../core/errors.ts";
import type { System } from "../../core/system.ts";
import { type Diagnosis, diagnose, type Expectation, type ReceivedRequest } from "../../receiver/diagnose.ts";
import { forward, type HeaderPairs, pairsOf } from "./forward.ts";

export interface ListenerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly expected: Expectation;
  /** The URL as the sender knows it; where it comes in when undefined. */
  readonly url: URL | undefined;
  /** The share of requests answered 500, from 0 to 1. */
  readonly failRate: number;
  readonly delayMs: number;
  readonly forwardTo: URL | undefined;
  readonly system: System;
  readonly tell: (heard: Heard) => void;
}

/** A request that cannot be read, because it was never there as a whole. */
interface Unreadable {
  readonly kind: "unreadable";
  readonly status: number;
  readonly problem: string;
}

export type Reason = "verified" | "refused" | "on_purpose" | "forwarded" | "unreachable";

interface Answer {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body: string | Buffer;
  readonly because: Reason;
  /** The reason the other server did not answer. */
  readonly trouble: string | null;
}

export interface Heard {
  readonly request: ReceivedRequest;
  /** Epoch ms. */
  readonly at: number;
  readonly diagnosis: Diagnosis | Unreadable;
  readonly answer: Pick<Answer, "status" | "because" | "trouble">;
  /** From the request's head to the answer, in ms. */
  readonly tookMs: number;
  /** Did the sender wait for the answer? */
  readonly isAnswerTaken: boolean;
}

interface Listener {
  readonly url: string;
  readonly port: number;
  /** Rejects with what went wrong in the listener itself. */
  readonly failed: Promise<never>;
  /** Lets go of what is open at once; nothing is told any more when it resolves. */
  readonly close: () => Promise<void>;
}

const HOST = "127.0.0.1";
/** Far beyond what any sender of ours sends. */
const BODY_MAX_BYTES = 8 * 1_024 * 1_024;

/** Throws CONFIG_INVALID when the port cannot be had. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const stopping = new AbortController();
  const failed = Promise.withResolvers<never>();
  const served = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const serving = serve(request, response, options, stopping.signal)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) failed.reject(error);
      })
      .finally(() => served.delete(serving));
    served.add(serving);
  });
  server.listen(options.port, HOST);
  await once(server, "listening").catch((cause: unknown) => {
    throw cannotListen(options.port, cause);
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://${HOST}:${port}`,
    port,
    failed: failed.promise,
    close: async () => {
      stopping.abort();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await Promise.all(served);
    },
  };
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: ListenerOptions,
  stopping: AbortSignal,
): Promise<void> {
  const { system, expected, tell } = options;
  const [at, startedAt] = [system.now(), system.monotonicMs()];
  const closed = Promise.withResolvers<void>();
  response.on("close", closed.resolve);
  const body = await readBody(incoming);
  const { method = "POST", headers, url: path = "/" } = incoming;
  const request = {
    method,
    url: options.url?.href ?? `http://${headers.host ?? HOST}${path}`,
    headers: pairsOf(incoming.rawHeaders),
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  };
  const diagnosis = Buffer.isBuffer(body) ? await diagnose(request, expected, at) : body;
  const answer = await answerTo(request, diagnosis, options, stopping);
  const tookMs = system.monotonicMs() - startedAt;
  send(response, answer);
  await closed.promise;
  tell({ request, at, diagnosis, answer, tookMs, isAnswerTaken: response.writableFinished });
}

/** All of it, or why not. What is too much is read and dropped, so that the sender hears the answer. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | Unreadable> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length <= BODY_MAX_BYTES) chunks.push(bytes);
    }
  } catch (error) {
    const { code, message } = summarise(error);
    return { kind: "unreadable", status: 400, problem: `a body that breaks off (${code ?? message})` };
  }
  if (length <= BODY_MAX_BYTES) return Buffer.concat(chunks);
  return { kind: "unreadable", status: 413, problem: `a body of more than ${BODY_MAX_BYTES} bytes` };
}

async function answerTo(
  request: ReceivedRequest,
  diagnosis: Heard["diagnosis"],
  { failRate, delayMs, forwardTo, system }: ListenerOptions,
  stopping: AbortSignal,
): Promise<Answer> {
  const isMisbehaving = system.dice() < failRate;
  if (delayMs > 0) await pause(delayMs, undefined, { signal: stopping });
  if (isMisbehaving) return problem(500, "on_purpose", { detail: "failed on purpose" });
  if (diagnosis.kind === "unreadable")
    return problem(diagnosis.status, "refused", { detail: diagnosis.problem });
  if (forwardTo !== undefined) return answerOf(await forward(forwardTo, request, stopping));
  if (diagnosis.kind === "valid")
    return { status: 204, headers: [], body: "", because: "verified", trouble: null };
  const { status, code, complaint } = diagnosis;
  return problem(status, "refused", { code, detail: complaint });
}

function answerOf(forwarded: Awaited<ReturnType<typeof forward>>): Answer {
  if (forwarded.kind === "answered") return { ...forwarded, because: "forwarded", trouble: null };
  const { reason } = forwarded;
  const detail = `the server behind does not answer: ${reason}`;
  return { ...problem(502, "unreachable", { detail }), trouble: reason };
}

/** RFC 9457. */
function problem(status: number, because: Reason, members: Readonly<Record<string, string>>): Answer {
  const headers = [["content-type", "application/problem+json"] as const];
  return { status, headers, body: JSON.stringify({ status, ...members }), because, trouble: null };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const length = [["content-length", String(Buffer.byteLength(body))] as const];
  const isEmpty = status === 204 || status === 304;
  response.writeHead(status, [...headers, ...(isEmpty ? [] : length)].flat()).end(isEmpty ? "" : body);
}

function cannotListen(port: number, cause: unknown): HookwaveError {
  const { code, message } = summarise(cause);
  const remedy = "free it, or take another with --port (0 takes a free one)";
  const complaint = { expected: `to listen on ${HOST}:${port}`, got: code ?? message, remedy };
  return new HookwaveError("CONFIG_INVALID", complaint, { cause });
}
