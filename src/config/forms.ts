/**
 * The forms a variable's text may take, each with the words that tell a person what was expected. A form reads
 * text into a value or refuses it; it never guesses. Pure: no environment, no network, no files.
 */
import { isIP } from "node:net";
import { z } from "zod";
import { formatDuration, parseDurationMs } from "../core/duration.ts";
import { SECRET_MAX_CHARACTERS } from "../core/endpoint.ts";
import { isSubscription } from "../core/event.ts";
import { EVERYTHING, isSharedType, type Shares } from "../core/migration.ts";
import { PROXY_URL_IN_WORDS, readProxyUrl } from "../core/proxy-url.ts";

export interface Form<Value> {
  readonly expected: string;
  readonly schema: z.ZodType<Value, string>;
  readonly inCode: InCode;
}

/** The same value in a program. */
export interface InCode {
  readonly expected: string;
  /** As a variable would write it; null for what none could. */
  readonly textOf: (value: unknown) => string | null;
}

const asText = (value: unknown): string | null => (typeof value === "string" ? value : null);
const asNumber = (value: unknown): string | null => (typeof value === "number" ? String(value) : null);

/** A form that `read`s the text, null meaning that it cannot be that. */
export function form<Value>(
  expected: string,
  read: (text: string) => Value | null,
  inCode: InCode = { expected, textOf: asText },
): Form<Value> {
  const schema = z.string().transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue(expected);
    return z.NEVER;
  });
  return { expected, schema, inCode };
}

export function text(expected: string, pattern: RegExp): Form<string> {
  return form(expected, (value) => (pattern.test(value) ? value : null));
}

export function choice<const Name extends string>(names: readonly Name[]): Form<Name> {
  return form(`one of ${names.join(", ")}`, (value) => names.find((name) => name === value) ?? null);
}

export function flag(): Form<boolean> {
  const schema = z.stringbool({ truthy: ["true", "1", "yes"], falsy: ["false", "0", "no"] });
  const textOf = (value: unknown): string | null => (typeof value === "boolean" ? String(value) : null);
  const inCode = { expected: "true or false", textOf };
  return { expected: "true or false (also 1, 0, yes, no)", schema, inCode };
}

export function wholeNumber(min: number, max: number): Form<number> {
  const expected = `a whole number from ${min} to ${max}`;
  const read = (value: string) => (/^\d{1,9}$/.test(value) ? within(Number(value), min, max) : null);
  return form(expected, read, { expected, textOf: asNumber });
}

/** Bounds in ms; the value is whole ms. */
export function duration(minMs: number, maxMs: number): Form<number> {
  const range = `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  const read = (value: string) => {
    const durationMs = parseDurationMs(value);
    return durationMs === null ? null : within(durationMs, minMs, maxMs);
  };
  return form(`seconds, or a number with ms, s, m, h or d, from ${range}`, read, {
    expected: `whole milliseconds from ${minMs} to ${maxMs}`,
    textOf: (value) => (Number.isInteger(value) ? `${value}ms` : null),
  });
}

function within(value: number, min: number, max: number): number | null {
  return value >= min && value <= max ? value : null;
}

export function url(protocols: readonly string[]): Form<string> {
  const expected = `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`;
  return form(expected, (value) => {
    const protocol = URL.parse(value)?.protocol;
    return protocol !== undefined && protocols.includes(protocol) ? value : null;
  });
}

/** The address of an HTTP service; a path in front of its own is fine. */
export function baseUrl(): Form<string> {
  return form("a URL that starts with https:// or http://, without user, query and fragment", (value) => {
    const url = URL.parse(value);
    if (url === null || !/^https?:$/.test(url.protocol)) return null;
    const isBare = [url.username, url.password, url.search, url.hash].every((part) => part === "");
    return isBare ? value : null;
  });
}

/** Kept as it is written, user and password with it. */
export function proxyUrl(): Form<string> {
  return form(PROXY_URL_IN_WORDS, (value) => (readProxyUrl(value) === null ? null : value));
}

/** Exactly `bytes` bytes. Node's decoder skips what is not base64 (trap 35), so the text is compared with its re-encoding. */
export function base64(bytes: number): Form<Buffer> {
  const read = (value: string) => {
    const decoded = Buffer.from(value, "base64");
    return decoded.length === bytes && decoded.toString("base64") === value ? decoded : null;
  };
  return form(`base64 of exactly ${bytes} bytes`, read, {
    expected: `a Buffer of ${bytes} bytes`,
    textOf: (value) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : null),
  });
}

/** Comma-separated, spaces around items dropped; empty text is an empty list. */
function list(items: string, isItem: (item: string) => boolean, maxItems: number): Form<readonly string[]> {
  const read = (value: string) => {
    const found = value === "" ? [] : value.split(",").map((item) => item.trim());
    return found.length <= maxItems && found.every(isItem) ? found : null;
  };
  return form(`${items}, separated by commas`, read, {
    expected: `a list of at most ${maxItems} ${items}`,
    textOf: (value) => (Array.isArray(value) && value.every(isItemText) ? value.join(",") : null),
  });
}

/** A comma in one would make two of it. */
const isItemText = (item: unknown): boolean => typeof item === "string" && item !== "" && !item.includes(",");

/** Taken whole: a comma, or any other character, may be the receiver's own. */
export function secret(): Form<string> {
  const expected = `a secret of at most ${SECRET_MAX_CHARACTERS} characters`;
  return form(expected, (value) => (value.length <= SECRET_MAX_CHARACTERS ? value : null));
}

export function subscriptions(): Form<readonly string[]> {
  return list("event types, families such as job.*, or *", isSubscription, 100);
}

export function networks(): Form<readonly string[]> {
  return list("networks such as 10.0.0.0/8 or fd00::/8", isNetwork, 100);
}

/** Each with or without a port, as `dns.setServers` takes them. */
export function nameServers(): Form<readonly string[]> {
  return list("addresses such as 10.0.0.2 or [fd00::2]:5353", isNameServer, 8);
}

/** A share in per cent for all events, or shares by event type of which `*` is for the others. */
export function shares(): Form<Shares> {
  const expected = "a whole percentage, or some by type, such as model.registered=10,*=100";
  const read = (value: string): Shares | null => {
    const items = value.split(",").map((item) => item.trim());
    const read = items.map((item) => SHARE.exec(item.includes("=") ? item : `*=${item}`));
    const entries = read.flatMap((match) =>
      match === null ? [] : [[match[1] ?? "", Number(match[2])] as const],
    );
    const areGood = entries.every(([type, percent]) => isSharedType(type) && percent <= 100);
    const all = { ...EVERYTHING, ...Object.fromEntries(entries) };
    return areGood &&
      entries.length === items.length &&
      new Set(entries.map(([type]) => type)).size === items.length
      ? all
      : null;
  };
  return form(expected, read, {
    expected: 'whole percentages by type, such as { "model.registered": 10, "*": 100 }',
    textOf: (value) => (isObject(value) ? writtenPairs(value, String) : null),
  });
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const writtenPairs = (pairs: object, write: (value: unknown) => string): string =>
  Object.entries(pairs)
    .map(([key, value]) => `${key}=${write(value)}`)
    .join(",");

const SHARE = /^([^=]+)=(\d{1,3})$/;

function isNameServer(item: string): boolean {
  if (isIP(item) !== 0) return true;
  const [, ipv6, ipv4, port = "53"] = /^(?:\[([0-9a-f.:]+)\]|([\d.]+))(?::(\d{1,5}))?$/i.exec(item) ?? [];
  const isAddress = isIP(ipv6 ?? "") === 6 || isIP(ipv4 ?? "") === 4;
  return isAddress && within(Number(port), 1, 65_535) !== null;
}

/** From 0 to 1. */
export function ratio(): Form<number> {
  const expected = "a number from 0 to 1";
  const read = (value: string) => (/^(?:0|1|0?\.\d{1,17}|1\.0{1,17})$/.test(value) ? Number(value) : null);
  return form(expected, read, { expected, textOf: asNumber });
}

/** As W3C Baggage writes them, values percent-encoded where they have to be. */
export function pairs(): Form<Readonly<Record<string, string>>> {
  const readPairs = (value: string) => {
    const items = value.split(",").filter((item) => item.trim() !== "");
    const read = items.map((item) => PAIR.exec(item.trim()));
    const entries = read.flatMap((match) =>
      match === null ? [] : [[match[1] ?? "", decoded(match[2] ?? "")] as const],
    );
    const isGood = entries.length === items.length && entries.every(([, text]) => text !== null);
    return isGood ? Object.fromEntries(entries.map(([key, text]) => [key, text ?? ""])) : null;
  };
  return form("pairs like key=value, separated by commas", readPairs, {
    expected: "texts by name",
    textOf: (value) => (isObject(value) && Object.values(value).every(isText) ? encodedPairs(value) : null),
  });
}

const isText = (value: unknown): boolean => typeof value === "string";
const encodedPairs = (pairs: object): string =>
  writtenPairs(pairs, (value) => encodeURIComponent(String(value)));

const PAIR = /^([!#$%&'*+.^_`|~\w-]+)\s*=\s*([^\r\n]*)$/;

/** Null for what is not percent-encoded as it should be. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function isNetwork(item: string): boolean {
  const match = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(item);
  const version = isIP(match?.[1] ?? "");
  return version !== 0 && Number(match?.[2]) <= (version === 4 ? 32 : 128);
}
