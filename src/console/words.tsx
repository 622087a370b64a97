/** Times, counts, ids and states as every page writes them. */
import { roughSpan } from "../core/duration.ts";
import { second } from "./clock.ts";

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const NUMBER = new Intl.NumberFormat();

export const count = (number: number): string => NUMBER.format(number);
export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

/** `0.4 attempts/s`, `1,992 attempts/s`. */
export const rateOf = (perSecond: number): string =>
  `${perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond))} attempts/s`;

/** In the viewer's zone; UTC on hover. */
export function Time({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="muted">–</span>;
  return (
    <time dateTime={at} title={at}>
      {LOCAL.format(new Date(at))}
    </time>
  );
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/** The time of day, of what has just happened. */
export function Clock({ at }: { readonly at: string }) {
  return (
    <time class="clock" dateTime={at} title={at}>
      {CLOCK.format(new Date(at))}
    </time>
  );
}

/** `12 min ago`, `in 4 s`; goes on by itself. */
export function Ago({ at }: { readonly at: string | null }) {
  const nowMs = second.value;
  if (at === null) return <span class="muted">–</span>;
  const spanMs = nowMs - Date.parse(at);
  return (
    <time dateTime={at} title={`${LOCAL.format(new Date(at))} · ${at}`}>
      {spanMs >= 0 ? `${roughSpan(spanMs)} ago` : `in ${roughSpan(-spanMs)}`}
    </time>
  );
}

/** Each word for a state, and how it is: well, on its way or doubtful, or wanting somebody. */
const TONES: Readonly<Record<string, "good" | "warn" | "bad" | "idle">> = {
  delivered: "good",
  active: "good",
  closed: "good",
  done: "good",
  valid: "good",
  safe: "good",
  ok: "good",
  held: "warn",
  pending: "warn",
  retrying: "warn",
  refused: "warn",
  unreachable: "warn",
  running: "warn",
  paused: "warn",
  half_open: "warn",
  unsigned: "warn",
  warning: "warn",
  buried: "bad",
  failed: "bad",
  failing: "bad",
  blocked: "bad",
  open: "bad",
  invalid: "bad",
  unsafe: "bad",
  broken: "bad",
};

export function State({ word, text = word }: { readonly word: string; readonly text?: string }) {
  return <span class={`state ${TONES[word] ?? "idle"}`}>{text}</span>;
}

/** In place of a payload that is only shown to admins here: `Data are`. */
export function Hidden({ what }: { readonly what: string }) {
  return <p class="muted">{what} shown to admins only (CONSOLE_HIDE_PAYLOADS).</p>;
}

/** Of what may be long: all of it on hover, and to be copied from where it leads. */
export function Id({ id, href }: { readonly id: string; readonly href: string }) {
  return (
    <a class="id" href={href} title={id}>
      {id}
    </a>
  );
}
