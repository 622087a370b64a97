/**
 * Log lines for a person at a terminal: time, level, what happened and its fields, instead of JSON. Made of the JSON line, so
 * that both say the same. Nothing in it is obeyed by a terminal: values may come from outside.
 */
import type { Style } from "../core/style.ts";

type Fields = Readonly<Record<string, unknown>>;

const LOOKS: Readonly<Record<string, Parameters<Style>[0]>> = {
  fatal: "red",
  error: "red",
  warn: "yellow",
  info: "green",
  debug: "dim",
  trace: "dim",
};
const LEVEL_WIDTH = 5;
/** From the beginning of an ISO 8601 time: the day is not needed where the line is read as it comes. */
const CLOCK = [11, 23] as const;

/** Of the process, which the reader has before them. */
const ITS_OWN = new Set(["level", "time", "pid", "hostname", "msg"]);
/** Of an attempt, for whoever follows one further: the JSON has them. */
const FURTHER = new Set([
  "attemptId",
  "deliveryId",
  "round",
  "profile",
  "startedAt",
  "bodyBytes",
  "traceparent",
]);

/** A line of our log's JSON, with its end; anything else as it is. */
export function prettyLine(line: string, paint: Style): string {
  const fields = read(line);
  if (fields === null) return line;
  const { level, time, msg } = fields;
  const left = msg === "attempt.finished" ? new Set([...ITS_OWN, ...FURTHER]) : ITS_OWN;
  const clock = String(time).slice(...CLOCK);
  const name = String(level);
  const shown = Object.entries(fields).filter(([field]) => !left.has(field));
  const parts = [
    paint("dim", clock),
    paint(LOOKS[name] ?? "dim", name.padEnd(LEVEL_WIDTH)),
    paint("bold", inOneWord(msg)),
    ...shown.flatMap(([field, value]) => pairs(field, value, paint)),
  ];
  return `${parts.join(" ")}\n`;
}

function read(line: string): Fields | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : null;
  } catch {
    return null;
  }
}

/** `field=value`; a field that has nothing to say is left out, an object's members are written one by one. */
function pairs(field: string, value: unknown, paint: Style): readonly string[] {
  if (value === null || value === undefined) return [];
  if (typeof value === "object" && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, member]) => pairs(`${field}.${name}`, member, paint));
  }
  return [`${paint("cyan", `${inOneWord(field)}=`)}${inOneWord(value)}`];
}

/** Quoted where it is more than a word; what a terminal would obey, or show elsewhere, is written as its code. */
function inOneWord(value: unknown): string {
  const text = typeof value === "string" && /^[^\s"'=\\]+$/.test(value) ? value : JSON.stringify(value);
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (unsafe) => `\\u${unsafe.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
