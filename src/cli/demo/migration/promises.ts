/**
 * Promises of the four phases, checked against what the consumer of the bus and the receiver of webhooks noted. It only
 * checks; a promise that was not kept says what came instead.
 */
import type { Check } from "../checks.ts";
import type { Note } from "../receiver.ts";
import type { Popped } from "./consumer.ts";
import { type Arrivals, type Row, rowsOf, type Sent } from "./tally.ts";

export interface Evidence {
  readonly sent: readonly Sent[];
  readonly refused: number;
  /** Of each switch: until the last worker had obeyed. */
  readonly obeyedInMs: readonly number[];
  /** Webhooks that came although their phase was to keep them. */
  readonly earlyWebhooks: number;
  readonly arrivals: Arrivals;
  readonly popped: readonly Popped[];
  readonly notes: readonly Note[];
}

/** The promise of the switch. */
const OBEYED_WITHIN_MS = 2_000;

export function checkPhases(evidence: Evidence): readonly Check[] {
  const [dual, webhook, redis, again, between] = rowsOf(evidence.sent, evidence.arrivals);
  return [
    complete("dual: each event came both ways, by bus and by webhook", dual),
    complete("webhook: each event came by webhook, and none by the bus", webhook),
    complete("redis: each event was on the bus, and its webhook came after the return", redis),
    keptBack(evidence),
    complete("dual again: each event came both ways", again),
    inTransit(between),
    obeyed(evidence),
    accepted(evidence),
    tellable(evidence),
    verified(evidence),
  ];
}

function complete(claim: string, row: Row | undefined): Check {
  const { published = 0, missing = 0, unasked = 0 } = row ?? {};
  return {
    claim,
    holds: published > 0 && missing === 0 && unasked === 0,
    got: `${missing} missing of ${published}, and ${unasked} on a bus that was to be silent`,
  };
}

function keptBack({ earlyWebhooks }: Evidence): Check {
  return {
    claim: "redis: no webhook left before the return",
    holds: earlyWebhooks === 0,
    got: `${earlyWebhooks} that did`,
  };
}

/** There need not be any. */
function inTransit(row: Row | undefined): Check {
  return {
    claim: "nothing was lost while the fleet was being switched",
    holds: row?.missing === 0,
    got: `${row?.missing ?? "unknown"} missing`,
  };
}

function obeyed({ obeyedInMs }: Evidence): Check {
  return {
    claim: "the whole fleet obeyed each switch within 2 s, without a restart",
    holds: obeyedInMs.length > 0 && obeyedInMs.every((tookMs) => tookMs <= OBEYED_WITHIN_MS),
    got: obeyedInMs.map((tookMs) => `${Math.round(tookMs)} ms`).join(", "),
  };
}

function accepted({ refused }: Evidence): Check {
  return {
    claim: "every publish was accepted, whatever the phase",
    holds: refused === 0,
    got: `${refused} refused again and again`,
  };
}

/** At least once is promised, and that a repetition can be told. */
function tellable({ popped }: Evidence): Check {
  const messageIds = new Map<string, string>();
  const renamed = popped.filter(({ modelId, messageId }) => {
    const first = messageIds.get(modelId) ?? messageId;
    messageIds.set(modelId, first);
    return first !== messageId;
  });
  const isOneEach = new Set(messageIds.values()).size === messageIds.size;
  return {
    claim: "each event has one message_id of its own on the bus, also where it came twice",
    holds: renamed.length === 0 && isOneEach,
    got: `${renamed.length} under another one`,
  };
}

function verified({ notes }: Evidence): Check {
  const right = notes.filter(({ isVerified }) => isVerified).length;
  return {
    claim: "the receiver verified every signature",
    holds: right === notes.length && notes.length > 0,
    got: `${right} of ${notes.length}`,
  };
}
