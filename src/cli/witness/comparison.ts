/**
 * Messages heard on the bus against events delivered by webhook, both ways, matched by the text's digest. Pure: it is told
 * what was heard and seen and when; it says nothing of what nobody could look at. A text that is heard more often than there are
 * events of it is a copy: the bus promises at least once.
 */
type MismatchKind = "not_heard" | "not_delivered" | "neither" | "no_event";

export interface Mismatch {
  readonly kind: MismatchKind;
  /** Null where a message belongs to no event. */
  readonly eventId: string | null;
  readonly digest: string;
  /** The delivery's status; null where there is none. */
  readonly status: string | null;
}

export interface Counts {
  /** Messages. */
  readonly heard: number;
  /** Events that both ways have, or the bus alone by their share. */
  readonly matched: number;
  readonly outsideShare: number;
  /** Messages that had been heard before. */
  readonly copies: number;
  /** Events and messages of which nothing is known yet. */
  readonly open: number;
  readonly mismatches: number;
}

interface FoundEvent {
  readonly id: string;
  readonly digest: string;
  /** It was dispatched while the witness listened, so it ought to have been heard. */
  readonly isRequired: boolean;
  /** Monotonic ms. */
  readonly at: number;
}

export interface Look {
  readonly status: string | null;
  /** False where its webhook is not promised: it is outside the share. */
  readonly isShared: boolean;
  /** The time at which it was asked for: what came later is not in it. */
  readonly at: number;
}

interface Watched extends FoundEvent {
  isRequired: boolean;
}

interface Text {
  heard: number;
  readonly firstAt: number;
  readonly events: Watched[];
  isReported: boolean;
}

export interface Comparison {
  readonly hear: (digest: string, at: number) => void;
  readonly find: (event: FoundEvent) => void;
  /** Null while it is open, or where both ways agree. */
  readonly look: (id: string, look: Look) => Mismatch | null;
  /** Messages of which no event was found by then. */
  readonly settle: (feedReadAt: number) => readonly Mismatch[];
  /** The witness was deaf: nothing that is open has to have been heard. */
  readonly excuse: () => void;
  /** Ids of the events to look at again. */
  readonly open: () => readonly string[];
  readonly forget: (id: string) => void;
  readonly counts: () => Counts;
}

/** After so long a text is forgotten; a copy that comes later belongs to nobody. */
const FORGET_MS = 60 * 60 * 1_000;

export function createComparison(graceMs: number): Comparison {
  const texts = new Map<string, Text>();
  const open = new Map<string, Watched>();
  const sums = { heard: 0, matched: 0, outsideShare: 0, copies: 0, mismatches: 0 };
  const textOf = (digest: string, at: number): Text => {
    const text = texts.get(digest) ?? { heard: 0, firstAt: at, events: [], isReported: false };
    texts.set(digest, text);
    return text;
  };
  const mismatch = (found: Mismatch): Mismatch => {
    sums.mismatches += 1;
    return found;
  };
  const forgetOld = (digest: string, text: Text, age: number): void => {
    if (age < FORGET_MS || text.events.some(({ id }) => open.has(id))) return;
    sums.copies += copiesOf(text);
    texts.delete(digest);
  };

  return {
    hear: (digest, at) => {
      sums.heard += 1;
      textOf(digest, at).heard += 1;
    },
    find: (event) => {
      const watched = { ...event };
      textOf(event.digest, event.at).events.push(watched);
      open.set(event.id, watched);
    },
    look: (id, look) => {
      const event = open.get(id);
      if (event === undefined) return null;
      const end = endOf(event, textOf(event.digest, event.at), look, graceMs);
      if (end === "open") return null;
      open.delete(id);
      if (end === "matched" || end === "outside") sums.matched += 1;
      if (end === "outside") sums.outsideShare += 1;
      if (end === "matched" || end === "outside" || end === "before") return null;
      return mismatch({ kind: end, eventId: id, digest: event.digest, status: look.status });
    },
    settle: (feedReadAt) =>
      [...texts].flatMap(([digest, text]) => {
        const age = feedReadAt - text.firstAt;
        forgetOld(digest, text, age);
        if (!isUnmatched(text) || age < graceMs) return [];
        text.isReported = true;
        return [mismatch({ kind: "no_event", eventId: null, digest, status: null })];
      }),
    excuse: () => open.forEach(excuse),
    open: () => [...open.keys()],
    forget: (id) => void open.delete(id),
    counts: () => countsOf(sums, texts, open.size),
  };
}

type End = "open" | "matched" | "outside" | "before" | Exclude<MismatchKind, "no_event">;

function endOf(event: Watched, text: Text, { status, isShared, at }: Look, graceMs: number): End {
  const hasBus = isHeard(event, text);
  const isOutside = status === null && !isShared;
  const hasWebhook = status === "delivered" || isOutside;
  if (hasBus && hasWebhook) return isOutside ? "outside" : "matched";
  // An event from before the witness listened proves nothing.
  if (!hasBus && !event.isRequired && (hasWebhook || at - event.at >= graceMs)) return "before";
  if (at - event.at < graceMs) return "open";
  if (hasBus) return "not_delivered";
  return hasWebhook ? "not_heard" : "neither";
}

function isHeard(event: Watched, { events, heard }: Text): boolean {
  const inOrder = events.toSorted((one, other) => Number(other.isRequired) - Number(one.isRequired));
  return inOrder.indexOf(event) < heard;
}

function excuse(event: Watched): void {
  event.isRequired = false;
}

const isUnmatched = ({ events, isReported }: Text): boolean => events.length === 0 && !isReported;

const copiesOf = ({ heard, events }: Text): number =>
  events.length === 0 ? 0 : Math.max(0, heard - events.length);

function countsOf(sums: Omit<Counts, "open">, texts: ReadonlyMap<string, Text>, openEvents: number): Counts {
  const all = [...texts.values()];
  const copies = all.reduce((sum, text) => sum + copiesOf(text), sums.copies);
  return { ...sums, copies, open: openEvents + all.filter(isUnmatched).length };
}
