/**
 * Answers what never became a request: text that is no HTTP, a head that is too long or does not come in time. Nobody
 * else has seen it, so the answer is written onto the connection, which then ends.
 */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { codeOf } from "../core/errors.ts";
import { type Problem, toProblem } from "./problem.ts";

/** By the codes of Node's parser; anything else is 400. */
const STATUSES: ReadonlyMap<string | null, number> = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

export function answerUnreadable(error: Error, socket: Socket): void {
  if (socket.writable && codeOf(error) !== "ECONNRESET") socket.write(asText(problemOf(error)));
  socket.destroy();
}

function problemOf(error: Error): Problem {
  const code = codeOf(error);
  const status = STATUSES.get(code) ?? 400;
  const problem = toProblem("REQUEST_INVALID", {
    expected: "a request as RFC 9112 writes it, in time",
    got: `one that cannot be read (${code ?? "no HTTP"})`,
    remedy: "correct what sends it",
  });
  return { ...problem, status, title: STATUS_CODES[status] ?? "" };
}

function asText(problem: Problem): string {
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    "content-type: application/problem+json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
