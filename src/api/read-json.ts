/**
 * Reads a body's bytes into JSON, or refuses them. The text is kept beside the value, because an event's data is cut
 * out of it as it stands (decision 6).
 */
import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "./problem.ts";

interface ReadJson {
  readonly text: string;
  readonly value: unknown;
}

/**
 * Members and elements of a body, but for the data of events: a hundred times what any request needs. Each that is wrong
 * costs a sentence, and 70,000 of them 0.6 to 2.1 s in which nobody else is served.
 */
export const VALUES_MAX = 1_000;

/** Levels of the whole body. Receivers' parsers recurse, so an event must not be a weapon against them. */
export const DEPTH_MAX = 64;

/** As `readJson`, for what is no event. Throws a Refusal. */
export function readBoundedJson(body: unknown, expected: string): ReadJson {
  const read = readJson(body, expected);
  if (countValues(read.value, VALUES_MAX) > VALUES_MAX)
    throw unreadable(`JSON of at most ${VALUES_MAX} members and elements`, "a body with more of them");
  return read;
}

/** `expected` says what should have been in it. Throws a Refusal. */
export function readJson(body: unknown, expected: string): ReadJson {
  if (!Buffer.isBuffer(body) || body.length === 0) throw unreadable(expected, "no body");
  // A lenient decoder would replace what it cannot read, and so change what receivers get.
  const otherForm = otherFormOf(body);
  if (otherForm !== null) throw unreadable("JSON in UTF-8, without a byte order mark", otherForm);
  const text = body.toString("utf8");
  const value = parse(text);
  if (isDeeperThan(value, DEPTH_MAX))
    throw unreadable(`JSON of at most ${DEPTH_MAX} levels`, "a body nested deeper");
  return { text, value };
}

/** By what such bytes begin with; JSON begins with ASCII. */
function otherFormOf(body: Buffer): string | null {
  const [first, second, third, fourth] = body;
  const begins = (...bytes: readonly number[]): boolean => bytes.every((byte, index) => body[index] === byte);
  if (begins(0xef, 0xbb, 0xbf)) return "a byte order mark before it";
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0)) return "UTF-32";
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) return "UTF-16";
  if ((first === 0) !== (second === 0) && body.length > 1)
    return third === 0 && fourth === 0 ? "UTF-32" : "UTF-16";
  if (begins(0x1f, 0x8b)) return "gzip; send it as it is";
  return isUtf8(body) ? null : "bytes that are not UTF-8";
}

/** Named, or it would be called text that is none. Throws a Refusal. */
export function refuseEncoded({ "content-encoding": encoding = "identity" }: IncomingHttpHeaders): void {
  if (/^\s*(?:identity)?\s*$/i.test(encoding)) return;
  throw new Refusal("MEDIA_TYPE_UNSUPPORTED", {
    expected: "a body without Content-Encoding",
    got: JSON.stringify(encoding.slice(0, SHOWN_MAX_CHARS)),
    remedy: "send it as it is, up to 1 MiB",
  });
}

const SHOWN_MAX_CHARS = 40;

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

/** All members and elements, or more than `most` as soon as there are. */
export function countValues(value: unknown, most: number): number {
  if (typeof value !== "object" || value === null) return 0;
  const inside = Object.values(value);
  let count = inside.length;
  for (const one of inside) {
    if (count > most) return count;
    count += countValues(one, most - count);
  }
  return count;
}

export function unreadable(expected: string, got: string, remedy = "correct the request"): Refusal {
  return new Refusal("REQUEST_INVALID", { expected, got, remedy });
}
