/**
 * Bytes in, bytes out. Signatures are over bytes: text that went through a decoder has lost its BOM and its invalid
 * sequences (trap 34). Decoding is strict, because a lenient decoder makes a shorter key of a mistyped one (trap 35).
 */
import { VerificationError } from "./verification-error.ts";

/** The body of a request, as it may be handed over. A string stands for its UTF-8 bytes. */
export type RawBody = string | ArrayBuffer | ArrayBufferView;

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

export const utf8 = (text: string): Bytes => encoder.encode(text);

/** Throws BODY_NOT_RAW for anything that is no longer the request's bytes, such as what a JSON parser left. */
export function bodyBytes(body: unknown): Bytes {
  if (typeof body === "string") return utf8(body);
  if (ArrayBuffer.isView(body))
    return textThen("", new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  if (isArrayBuffer(body)) return new Uint8Array(body);
  throw new VerificationError(
    "BODY_NOT_RAW",
    "the request's raw body as bytes",
    `a value of type ${typeof body}`,
  );
}

/** By its tag, since a buffer may come from another realm than this module. */
const isArrayBuffer = (body: unknown): body is ArrayBuffer =>
  Object.prototype.toString.call(body) === "[object ArrayBuffer]";

export function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes of a text and those behind it, in memory of their own. */
export function textThen(text: string, rest: Uint8Array): Bytes {
  const start = utf8(text);
  const whole = new Uint8Array(start.length + rest.length);
  whole.set(start);
  whole.set(rest, start.length);
  return whole;
}

export const toBase64 = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes));

/** Padded base64 as RFC 4648 §4 writes it, and only what an encoder would have written; null for anything else. */
export function fromBase64(text: string): Bytes | null {
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return toBase64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

export const toHex = (bytes: Bytes): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Takes the same time wherever the difference is; lengths are no secret. */
export function isEqual(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}
