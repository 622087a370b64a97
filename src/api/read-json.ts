/**
 * Reads a body's bytes into JSON, or refuses them. The text is kept beside the value, because an event's data is cut
 * out of it as it stands (decision 6).
 */
import { isUtf8 } from "node:buffer";
import { Refusal } from "./problem.ts";

export interface ReadJson {
  readonly text: string;
  readonly value: unknown;
}

/** Levels of the whole body. Receivers' parsers recurse, so an event must not be a weapon against them. */
export const DEPTH_MAX = 64;

/** `expected` says what should have been in it. Throws a Refusal. */
export function readJson(body: unknown, expected: string): ReadJson {
  if (!Buffer.isBuffer(body) || body.length === 0) throw unreadable(expected, "no body");
  // A lenient decoder would replace what it cannot read, and so change what receivers get.
  if (!isUtf8(body)) throw unreadable("JSON in UTF-8", "bytes that are not UTF-8");
  const text = body.toString("utf8");
  const value = parse(text);
  if (isDeeperThan(value, DEPTH_MAX))
    throw unreadable(`JSON of at most ${DEPTH_MAX} levels`, "a body nested deeper");
  return { text, value };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable("JSON", flawOf(error));
  }
}

/**
 * The place at which it stops being JSON, as far as the parser says so; its message may quote the body, which may hold
 * a secret.
 */
function flawOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  if (message.startsWith("Unexpected end")) return "text that ends too early";
  const place = /\(line \d+ column \d+\)$/.exec(message)?.[0];
  return place === undefined ? "text that is none" : `text that is none ${place}`;
}

/** Recurses no deeper than `levels`; JSON.parse itself does not recurse (500,000 levels parse in 0.2 s). */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

export function unreadable(expected: string, got: string, remedy = "correct the request"): Refusal {
  return new Refusal("REQUEST_INVALID", { expected, got, remedy });
}
