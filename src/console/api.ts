/**
 * The API as the page asks it. What it refuses comes as a Problem, with what was expected, what came and what to do;
 * that nobody is signed in any more is told to the session, whoever asked.
 */
import { signal } from "@preact/signals";
import type { Complaint } from "../core/errors.ts";

interface Described extends Complaint {
  /** As docs/errors.md lists them; a failure on the way here has one of the page's own. */
  readonly code: string;
  readonly flaws?: readonly Flaw[];
}

/** One of several things that are wrong with what was asked for. */
interface Flaw {
  /** Into the body, as a URI fragment: `#/url`. */
  readonly pointer: string;
  readonly detail: string;
}

export class Problem extends Error {
  readonly code: string;
  readonly expected: string;
  readonly got: string;
  readonly remedy: string;
  readonly flaws: readonly Flaw[];

  constructor({ code, expected, got, remedy, flaws = [] }: Described) {
    super(`expected ${expected}, got ${got}`);
    this.code = code;
    this.expected = expected;
    this.got = got;
    this.remedy = remedy;
    this.flaws = flaws;
  }
}

/** Counts answers that said that nobody is signed in. */
export const refusals = signal(0);

interface Request {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Becomes JSON; a text is JSON already, and goes as it is. */
  readonly body?: object | string;
  readonly signal?: AbortSignal;
}

const UNREACHABLE: Described = {
  code: "UNREACHABLE",
  expected: "an answer from the service",
  got: "none",
  remedy: "is it running, and is this machine connected? The page tries again when asked",
};

/** The text of the answer: bytes of payloads stay as they were published. Throws a Problem. */
export async function askText(url: string, { method = "GET", body, signal }: Request = {}): Promise<string> {
  const response = await fetch(url, {
    method,
    credentials: "same-origin",
    headers: {
      accept: "application/json",
      // Not in the dialect of KLIPSTREAM_COMPAT, also where a browser says less of who asks.
      "hookwave-api": "1",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Problem(UNREACHABLE);
  });
  const text = await response.text();
  if (response.ok) return text;
  if (response.status === 401) refusals.value += 1;
  throw problemIn(text, response.status);
}

/** Throws a Problem. */
export async function ask<Answer>(url: string, request: Request = {}): Promise<Answer> {
  return JSON.parse((await askText(url, request)) || "null");
}

/** Why a stream at this address is refused; null where it is not. Its text is nothing that one could wait for. */
export async function refusalOf(url: string): Promise<Problem | null> {
  const asked = new AbortController();
  try {
    const response = await fetch(url, { credentials: "same-origin", signal: asked.signal });
    if (response.ok) return null;
    if (response.status === 401) refusals.value += 1;
    return problemIn(await response.text(), response.status);
  } catch {
    return new Problem(UNREACHABLE);
  } finally {
    asked.abort();
  }
}

/** A proxy in front of the service answers in its own words. */
function problemIn(text: string, status: number): Problem {
  try {
    const { code, expected, got, remedy, errors: flaws = [] } = JSON.parse(text);
    if (typeof code === "string") return new Problem({ code, expected, got, remedy, flaws });
  } catch {
    // Told as what it is below: an answer that is none of the service's.
  }
  const remedy = "look at the log of what stands in front of the service";
  return new Problem({
    code: `HTTP ${status}`,
    expected: "an answer of the service",
    got: `HTTP ${status}`,
    remedy,
  });
}
