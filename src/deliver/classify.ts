/**
 * Reads an exchange as an outcome. The status line decides: 2xx is delivered whatever the body does, everything
 * else that answered refused, and a redirect is a refusal that is never followed.
 */
import { parseRetryAfter } from "../core/backoff.ts";
import type { Instruction, Outcome } from "../core/outcome.ts";
import type { Exchange } from "./ports.ts";

/** `nowMs` anchors a Retry-After given as a date (RFC 9110 §10.2.3). */
export function classify(exchange: Exchange, nowMs: number): Outcome {
  switch (exchange.kind) {
    case "blocked":
      return { kind: "blocked", reason: exchange.reason };
    case "failed":
      return { kind: "unreachable", reason: exchange.reason };
    case "answered":
      if (exchange.status >= 200 && exchange.status < 300)
        return { kind: "delivered", status: exchange.status };
      return {
        kind: "refused",
        status: exchange.status,
        retryAfterMs: parseRetryAfter(exchange.retryAfter, nowMs),
        instruction: readInstruction(exchange.instruction),
      };
  }
}

function readInstruction(header: string | undefined): Instruction | null {
  if (header === "disable") return "disable";
  return header === "abort-message" ? "abort" : null;
}
