/**
 * The place of an event, or of an attempt, in a trace: W3C Trace Context (https://www.w3.org/TR/trace-context/), as two
 * short texts. It comes from outside and decides nothing about a delivery, so what cannot be read counts as none, as that
 * standard has it: nobody's event is refused or lost for it.
 */
export interface TraceContext {
  /** `00-<trace id>-<span id>-<flags>`. */
  readonly traceparent: string;
  /** The tracing systems' own notes, `vendor=value` with commas between. */
  readonly tracestate?: string;
}

/** Version, trace id, span id, flags. A later version may have more, behind another dash. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const TRACEPARENT_CHARACTERS = 55;
const ALL_ZERO = /^0+$/;
const SAMPLED = 1;

const STATE_KEY = /^[a-z0-9][a-z0-9_*/-]{0,255}$|^[a-z0-9][a-z0-9_*/-]{0,240}@[a-z0-9][a-z0-9_*/-]{0,13}$/;
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const STATE_MEMBERS_MAX = 32;
/** As much as everybody has to pass on; beyond it, members longer than these go first, then those at the end. */
const STATE_CHARACTERS_MAX = 512;
const LONG_MEMBER_CHARACTERS = 128;
/** More is not even looked at. */
const STATE_READ_MAX = 8_192;

/** Their names are the headers'. */
export const TRACE_HEADERS: readonly (keyof TraceContext)[] = ["traceparent", "tracestate"];

/** Undefined for a `traceparent` that is none; without its state where only that cannot be read. */
export function readTraceContext(traceparent: unknown, tracestate?: unknown): TraceContext | undefined {
  const parent = readTraceparent(traceparent);
  if (parent === undefined) return undefined;
  const state = readTracestate(tracestate);
  return { traceparent: parent, ...(state !== undefined && { tracestate: state }) };
}

/** As version 00 whatever version it is: of a later one nothing else is known here. */
function readTraceparent(value: unknown): string | undefined {
  const [, version, traceId = "", spanId = "", flags = "", more] =
    (typeof value === "string" && TRACEPARENT.exec(value.trim())) || [];
  if (version === undefined || version === "ff" || ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId))
    return undefined;
  if (version === "00") return more === undefined ? `00-${traceId}-${spanId}-${flags}` : undefined;
  const isSampled = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

function readTracestate(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > STATE_READ_MAX) return undefined;
  const members = value
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");
  const keys = members.map((member) => member.slice(0, Math.max(0, member.indexOf("="))));
  const areGood = members.every((member, at) => isMember(keys[at] ?? "", member));
  if (!areGood || members.length > STATE_MEMBERS_MAX || new Set(keys).size < keys.length) return undefined;
  const kept = shortened(members);
  return kept === "" ? undefined : kept;
}

const isMember = (key: string, member: string): boolean =>
  STATE_KEY.test(key) && STATE_VALUE.test(member.slice(key.length + 1));

function shortened(members: readonly string[]): string {
  const whole = members.join(",");
  if (whole.length <= STATE_CHARACTERS_MAX) return whole;
  const kept = members.filter((member) => member.length <= LONG_MEMBER_CHARACTERS);
  while (kept.join(",").length > STATE_CHARACTERS_MAX) kept.pop();
  return kept.join(",");
}

/** The context that something carries; undefined where it carries none. */
export function traceOf({ traceparent, tracestate }: Partial<TraceContext>): TraceContext | undefined {
  if (traceparent === undefined) return undefined;
  return { traceparent, ...(tracestate !== undefined && { tracestate }) };
}

/** One text for both, for a record; empty where there is none. */
export function traceText({ traceparent = "", tracestate }: Partial<TraceContext>): string {
  return tracestate === undefined ? traceparent : `${traceparent} ${tracestate}`;
}

export function readTraceText(text: string | null | undefined): TraceContext | undefined {
  if (!text) return undefined;
  return readTraceContext(text.slice(0, TRACEPARENT_CHARACTERS), text.slice(TRACEPARENT_CHARACTERS));
}
