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

export interface Form<Value> {
  readonly expected: string;
  readonly schema: z.ZodType<Value, string>;
}

/** A form that `read`s the text, null meaning that it cannot be that. */
export function form<Value>(expected: string, read: (text: string) => Value | null): Form<Value> {
  const schema = z.string().transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue(expected);
    return z.NEVER;
  });
  return { expected, schema };
}

export function text(expected: string, pattern: RegExp): Form<string> {
  return form(expected, (value) => (pattern.test(value) ? value : null));
}

export function choice<const Name extends string>(names: readonly Name[]): Form<Name> {
  return form(`one of ${names.join(", ")}`, (value) => names.find((name) => name === value) ?? null);
}

export function flag(): Form<boolean> {
  const schema = z.stringbool({ truthy: ["true", "1", "yes"], falsy: ["false", "0", "no"] });
  return { expected: "true or false (also 1, 0, yes, no)", schema };
}

export function wholeNumber(min: number, max: number): Form<number> {
  return form(`a whole number from ${min} to ${max}`, (value) =>
    /^\d{1,9}$/.test(value) ? within(Number(value), min, max) : null,
  );
}

/** Bounds in ms; the value is whole ms. */
export function duration(minMs: number, maxMs: number): Form<number> {
  const range = `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return form(`seconds, or a number with ms, s, m, h or d, from ${range}`, (value) => {
    const durationMs = parseDurationMs(value);
    return durationMs === null ? null : within(durationMs, minMs, maxMs);
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

/** Exactly `bytes` bytes. Node's decoder skips what is not base64 (trap 35), so the text is compared with its re-encoding. */
export function base64(bytes: number): Form<Buffer> {
  return form(`base64 of exactly ${bytes} bytes`, (value) => {
    const decoded = Buffer.from(value, "base64");
    return decoded.length === bytes && decoded.toString("base64") === value ? decoded : null;
  });
}

/** Comma-separated, spaces around items dropped; empty text is an empty list. */
function list(
  expected: string,
  isItem: (item: string) => boolean,
  maxItems: number,
): Form<readonly string[]> {
  return form(expected, (value) => {
    const items = value === "" ? [] : value.split(",").map((item) => item.trim());
    return items.length <= maxItems && items.every(isItem) ? items : null;
  });
}

export function secrets(): Form<readonly string[]> {
  const isUsable = (item: string): boolean => item !== "" && item.length <= SECRET_MAX_CHARACTERS;
  return list("one secret, or two separated by a comma, newest first", isUsable, 2);
}

export function subscriptions(): Form<readonly string[]> {
  return list("event types, families such as job.*, or *, separated by commas", isSubscription, 100);
}

export function networks(): Form<readonly string[]> {
  return list("networks such as 10.0.0.0/8 or fd00::/8, separated by commas", isNetwork, 100);
}

/** A share in per cent for all events, or shares by event type of which `*` is for the others. */
export function shares(): Form<Shares> {
  const expected = "a whole percentage, or some by type, such as model.registered=10,*=100";
  return form(expected, (value) => {
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
  });
}

const SHARE = /^([^=]+)=(\d{1,3})$/;

function isNetwork(item: string): boolean {
  const match = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(item);
  const version = isIP(match?.[1] ?? "");
  return version !== 0 && Number(match?.[2]) <= (version === 4 ? 32 : 128);
}
