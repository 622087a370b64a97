/**
 * Passes a request on as it came: method, headers and the very bytes of its body. What only concerns one connection
 * (RFC 9110 §7.6.1) is left behind, in both directions. A server that is away is a value here.
 */
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { buffer } from "node:stream/consumers";
import { summarise } from "../../core/errors.ts";
import type { ReceivedRequest } from "../../receiver/diagnose.ts";

export type HeaderPairs = ReceivedRequest["headers"];

export type Forwarded =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: HeaderPairs;
      readonly body: Buffer;
    }
  | { readonly kind: "unreachable"; readonly reason: string };

/** Twice what a sender usually waits, so that a developer at a breakpoint is not in a hurry. */
const PATIENCE_MS = 30_000;

const OF_ONE_CONNECTION =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|host|content-length)$/i;

/** `stopping` gives up at once. */
export async function forward(
  to: URL,
  { method, headers, body }: ReceivedRequest,
  stopping: AbortSignal,
): Promise<Forwarded> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([patience, stopping]);
  const own = [["host", to.host] as const, ["content-length", String(body.length)] as const];
  const send = to.protocol === "https:" ? requestHttps : requestHttp;
  try {
    const outgoing = send(to, {
      method,
      headers: [...own, ...passedOn(headers)].flat(),
      signal,
      agent: false,
    });
    const answered = Promise.withResolvers<IncomingMessage>();
    outgoing.on("response", answered.resolve).on("error", answered.reject).end(body);
    const response = await answered.promise;
    return {
      kind: "answered",
      status: response.statusCode ?? 0,
      headers: passedOn(pairsOf(response.rawHeaders)),
      body: await buffer(response),
    };
  } catch (error) {
    const { code, message } = summarise(error);
    const reason = patience.aborted ? `no answer within ${PATIENCE_MS / 1_000} s` : (code ?? message);
    return { kind: "unreachable", reason };
  }
}

/** Names and values in turn, as Node keeps what came. */
export function pairsOf(rawHeaders: readonly string[]): HeaderPairs {
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  return names.map((name, index) => [name, rawHeaders[2 * index + 1] ?? ""]);
}

const passedOn = (headers: HeaderPairs): HeaderPairs =>
  headers.filter(([name]) => !OF_ONE_CONNECTION.test(name));
