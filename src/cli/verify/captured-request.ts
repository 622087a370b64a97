/**
 * Reads a request that somebody has kept: as it went over the wire, or as JSON. A raw dump's body is every byte
 * after the empty line; nothing is trimmed, decoded or repaired, since a signature is over bytes.
 */
import { HookwaveError } from "../../core/errors.ts";
import type { ReceivedRequest } from "../../receiver/diagnose.ts";
import { isRecord, type JsonRecord } from "../../receiver/receiving-profile.ts";

export interface CapturedRequest extends Omit<ReceivedRequest, "url"> {
  /** Absolute where the capture says so; else a path; null where it says nothing. */
  readonly target: string | null;
}

/** Throws USAGE, without a byte of the capture: it may hold secrets in its headers. */
export function readCapture(bytes: Buffer): CapturedRequest {
  return /^\s*\{/.test(bytes.toString("latin1", 0, 100)) ? readJson(bytes) : readDump(bytes);
}

const EMPTY_LINE = /\r?\n\r?\n/;
const REQUEST_LINE = /^([A-Z]{1,20}) (\S+) HTTP\/\d(?:\.\d)?$/;
/** RFC 9112 §5: a name, a colon at once, the value between optional white space. */
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;

/** Header bytes are taken for Latin-1, as HTTP servers do. */
function readDump(bytes: Buffer): CapturedRequest {
  const text = bytes.toString("latin1");
  const gap = EMPTY_LINE.exec(text);
  if (gap === null) throw unreadable("an empty line between headers and body", "none");
  const [first = "", ...rest] = text.slice(0, gap.index).split(/\r?\n/);
  const [, method = "POST", target = null] = REQUEST_LINE.exec(first) ?? [];
  const lines = target === null ? [first, ...rest] : rest;
  return { method, target, headers: lines.map(readHeader), body: bytes.subarray(gap.index + gap[0].length) };
}

function readHeader(line: string, index: number): readonly [string, string] {
  const [, name, value] = HEADER_LINE.exec(line) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw unreadable("headers as `Name: value`, one on each line", `another line as the ${index + 1}.`);
}

function readJson(bytes: Buffer): CapturedRequest {
  const { method = "POST", url = null, headers, body, bodyBase64 } = parseObject(bytes);
  if (typeof method !== "string") throw unreadable("method as a text", typeof method);
  if (url !== null && typeof url !== "string") throw unreadable("url as a text", typeof url);
  return { method, target: url, headers: readHeaders(headers), body: readBody(body, bodyBase64) };
}

function parseObject(bytes: Buffer): JsonRecord {
  try {
    const json: unknown = JSON.parse(bytes.toString("utf8"));
    if (isRecord(json)) return json;
  } catch {
    // Said below, in our own words: the parser's hold parts of the text.
  }
  throw unreadable("one JSON object", "something else");
}

/** `{ name: value }`, `{ name: [values] }` or `[[name, value]]`. */
function readHeaders(headers: unknown): CapturedRequest["headers"] {
  const pairs: readonly unknown[] = isRecord(headers)
    ? Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))
    : Array.isArray(headers)
      ? headers
      : [null];
  return pairs.map((pair) => {
    const [name, value]: readonly unknown[] = Array.isArray(pair) ? pair : [];
    if (typeof name === "string" && typeof value === "string") return [name, value];
    throw unreadable("headers as an object of texts, or as pairs of texts", "something else");
  });
}

function readBody(text: unknown, base64: unknown): Buffer {
  if (typeof text === "string" && base64 === undefined) return Buffer.from(text, "utf8");
  if (typeof base64 === "string" && text === undefined) {
    const body = Buffer.from(base64, "base64");
    if (body.toString("base64") === base64) return body;
    throw unreadable("bodyBase64 in padded base64", "something else");
  }
  const got = typeof text === "object" ? "a body that was parsed, which no signature fits" : "something else";
  throw unreadable("the raw body, as a text in body or in bodyBase64", got);
}

function unreadable(expected: string, got: string): HookwaveError {
  const remedy = "docs/cli.md shows both forms of a captured request";
  return new HookwaveError("USAGE", { expected, got, remedy });
}
