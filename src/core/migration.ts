/**
 * Migration from the legacy bus (Redis lists and channels) to webhooks: the four phases, the switch between them, and
 * the share of events that goes by webhook already. Pure: what it is given says what time it is.
 */
import { EVENT_TYPE_PATTERN, isEventType, type PublishedEvent } from "./event.ts";

/**
 * One rule each, decided when an event is dispatched (decision 23):
 * `dual` webhook and bus; `primary` webhook, and the bus for what is late; `webhook` no bus; `redis` the bus alone, while
 * webhooks are kept.
 */
export const PHASES = ["dual", "primary", "webhook", "redis"] as const;
export type Phase = (typeof PHASES)[number];

/** The end of webhooks that were kept during `redis`, once it is over. */
export const BACKLOG_CHOICES = ["deliver", "discard"] as const;
export type BacklogChoice = (typeof BACKLOG_CHOICES)[number];

/** Whole per cent of the events that go by webhook, by event type; `*` is for all others. */
export type Shares = Readonly<Record<string, number>>;

export const EVERYTHING: Shares = { "*": 100 };

export const SHARED_TYPE_PATTERN = new RegExp(`^\\*$|${EVENT_TYPE_PATTERN.source}`);

/** True for what may be given a share: an event type, or `*` for all others. */
export const isSharedType = (text: string): boolean => text === "*" || isEventType(text);

/** The way back that a switch for a while has built in. */
interface Return {
  /** Epoch ms. */
  readonly at: number;
  readonly to: Phase;
  /** The share to come back to; the present one when absent. */
  readonly shares?: Shares;
}

/** The switch as the whole fleet has it; every change has the next version. */
export interface MigrationSwitch {
  readonly version: number;
  readonly phase: Phase;
  /** Epoch ms since when it stands so. */
  readonly since: number;
  readonly shares: Shares;
  readonly backlog: BacklogChoice;
  /** The one who changed it: a person's words, `environment`, or `timer`. */
  readonly by: string;
  readonly reason: string | null;
  readonly returns: Return | null;
  /** The last statement of a process' environment; null while none has said anything. */
  readonly environment: Start | null;
}

/** The beginning that an environment asks for. */
export interface Start {
  readonly phase: Phase;
  readonly shares: Shares;
}

/** One change of the switch, as it is kept for people. */
export interface SwitchChange {
  readonly version: number;
  readonly from: Phase;
  readonly to: Phase;
  /** Epoch ms. */
  readonly at: number;
  readonly by: string;
  readonly reason: string | null;
  readonly shares: Shares;
  readonly returns: Return | null;
}

/** A switch that nobody has touched. */
export const UNTOUCHED: MigrationSwitch = {
  version: 0,
  phase: "webhook",
  since: 0,
  shares: EVERYTHING,
  backlog: "deliver",
  by: "default",
  reason: null,
  returns: null,
  environment: null,
};

/** The phase at this time: one that was set for a while ends by itself, also where nobody could write that down. */
export function phaseAt({ phase, returns }: MigrationSwitch, nowMs: number): Phase {
  return returns !== null && nowMs >= returns.at ? returns.to : phase;
}

/** True for an environment that says something else than the last one said: it counts as a change of mind. */
export function isNews(start: Start, { environment }: MigrationSwitch): boolean {
  if (environment === null || environment.phase !== start.phase) return true;
  const types = new Set([...Object.keys(start.shares), ...Object.keys(environment.shares)]);
  return [...types].some((type) => start.shares[type] !== environment.shares[type]);
}

/** The later statement; a process that was frozen or cut off may still hold the earlier one. */
export function laterOf(one: MigrationSwitch, other: MigrationSwitch): MigrationSwitch {
  return other.version > one.version ? other : one;
}

/**
 * True for an event that goes by webhook. The same ids always are: a larger share holds all of a smaller
 * one, so that 10 → 50 → 100 % only ever adds.
 */
export function isInShare({ id, type }: Pick<PublishedEvent, "id" | "type">, shares: Shares): boolean {
  // Producers choose types, and one may be named as a member that every object has.
  const percent = (Object.hasOwn(shares, type) ? shares[type] : shares["*"]) ?? 100;
  return percent >= 100 || hundredth(id) < percent;
}

/** FNV-1a over the id, as 0 to 99. */
function hundredth(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  // The low bits alone would follow the id's last character too closely.
  return ((hash ^ (hash >>> 15)) >>> 0) % 100;
}
