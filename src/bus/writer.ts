/**
 * Writes events to the bus: the list first, which is durable, then the channel, all in one pipeline within a deadline. A
 * bus in trouble is somebody else's: it is told once a minute, counted, and left alone for a second, so that it holds up
 * neither publishing nor deliveries. A list that is not read any more gets nothing more.
 */
import type { EventId } from "../core/brand.ts";
import { summarise } from "../core/errors.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import { createListGuard, type Exchange, type ListGuard } from "./list-guard.ts";
import { listEntry, payloadOf } from "./message.ts";
import type { BusCommand, BusLink } from "./ports.ts";
import type { BusTarget } from "./target.ts";
import { busUnavailable } from "./unavailable.ts";

export interface BusWriter {
  /**
   * Resolves with the ids that the bus has; never rejects. What is not among them may have got there all the same when
   * the deadline passed first. `deadlineMs` is for whom nobody waits.
   */
  readonly write: (events: readonly PublishedEvent[], deadlineMs?: number) => Promise<ReadonlySet<EventId>>;
  /** False for a second after nothing could be written: then it is not even asked. */
  readonly isWell: () => boolean;
  /** The latest trouble, for whom it keeps from publishing. */
  readonly trouble: () => string;
}

interface BusWriterDeps {
  readonly link: BusLink;
  readonly target: BusTarget;
  /** For all of a write, from the connection to the last reply. */
  readonly deadlineMs: number;
  readonly tell: Tell;
  readonly system: Pick<System, "monotonicMs">;
}

const LEFT_ALONE_MS = 1_000;
const TOLD_EVERY_MS = 60_000;

export function createBusWriter(deps: BusWriterDeps): BusWriter {
  const { target, tell } = deps;
  const health = createHealth(deps);
  const listGuard = createListGuard(deps);

  const attempt = async (
    events: readonly PublishedEvent[],
    exchange: Exchange,
  ): Promise<ReadonlySet<EventId>> => {
    await exchange.untilReady();
    const { fitting, full, barred, release } = await listGuard.reserve(events, exchange);
    try {
      const pushes = pushesOf(fitting, target);
      const replies = await exchange.send(commandsFor(fitting, pushes, target));
      const read = readReplies(repliesFor(fitting, pushes, replies, target), listGuard.note);
      const { written, receivers, unheard } = read;
      if (read.trouble !== null) health.note(read.trouble, written.size > 0);
      if (barred !== null) health.tellTrouble(summarise(barred).message);
      if (unheard !== null) health.tellTrouble(`the channel refused: ${unheard.message}`);
      if (full > 0) health.tellTrouble(`${full} events: the list is at LEGACY_REDIS_LIST_MAX`);
      const failed = events.length - full - written.size;
      tell({ kind: "bus.written", written: written.size, failed, full, receivers, ...listGuard.longest() });
      return written;
    } finally {
      release();
    }
  };

  return {
    write: async (events, deadlineMs = deps.deadlineMs) => {
      try {
        return await attempt(events, openExchange(deps, deadlineMs));
      } catch (error) {
        listGuard.doubt();
        health.note(error, false);
        tell({
          kind: "bus.written",
          written: 0,
          failed: events.length,
          full: 0,
          receivers: null,
          listLength: null,
        });
        return new Set();
      }
    },
    isWell: health.isWell,
    trouble: health.latest,
  };
}

interface Health {
  /** A refusal of some is no reason to leave the others' bus alone. */
  readonly note: (trouble: unknown, hasTakenSome: boolean) => void;
  readonly tellTrouble: (got: string) => void;
  readonly isWell: () => boolean;
  readonly latest: () => string;
}

function createHealth({ tell, system }: BusWriterDeps): Health {
  let unwellUntil = Number.NEGATIVE_INFINITY;
  let toldAt = Number.NEGATIVE_INFINITY;
  let latest = "nothing yet";
  const tellTrouble = (got: string): void => {
    latest = got;
    if (system.monotonicMs() - toldAt < TOLD_EVERY_MS) return;
    toldAt = system.monotonicMs();
    tell({ kind: "service.failed", doing: "write_bus", error: summarise(busUnavailable(got)) });
  };
  return {
    note: (trouble, hasTakenSome) => {
      if (!hasTakenSome) unwellUntil = system.monotonicMs() + LEFT_ALONE_MS;
      tellTrouble(summarise(trouble).message);
    },
    tellTrouble,
    isWell: () => system.monotonicMs() >= unwellUntil,
    latest: () => latest,
  };
}

/** Entries of one push; a caller may bring any number of events. */
const PUSHED_TOGETHER = 256;

interface Push {
  readonly list: string;
  readonly events: readonly PublishedEvent[];
}

/** A push of many costs little more than one of one, here and in Redis. */
function pushesOf(events: readonly PublishedEvent[], { listOf }: BusTarget): readonly Push[] {
  const pushes: Push[] = [];
  for (const [list, group] of Map.groupBy(events, ({ type }) => listOf(type))) {
    if (list === null) continue;
    for (let from = 0; from < group.length; from += PUSHED_TOGETHER)
      pushes.push({ list, events: group.slice(from, from + PUSHED_TOGETHER) });
  }
  return pushes;
}

/** Pushes come first, in the order of `pushesOf`; then what is said aloud, in the order of the events. */
function commandsFor(
  events: readonly PublishedEvent[],
  pushes: readonly Push[],
  { envelope, channelOf }: BusTarget,
): readonly BusCommand[] {
  const commands: BusCommand[] = pushes.map(({ list, events: pushed }) => [
    "lpush",
    list,
    ...pushed.map((event) => listEntry(event, envelope)),
  ]);
  for (const event of events) {
    const channel = channelOf(event.type);
    if (channel !== null) commands.push(["publish", channel, payloadOf(event)]);
  }
  return commands;
}

interface Read {
  readonly written: ReadonlySet<EventId>;
  /** The fewest that heard one of these events; null where none was said aloud. */
  readonly receivers: number | null;
  readonly trouble: Error | null;
  /** The channel's refusal of an event that its list has. */
  readonly unheard: Error | null;
}

/** The answers to one event's commands; null for one that was not sent. */
interface Reply {
  readonly id: EventId;
  readonly list: string | null;
  readonly pushed: number | Error | null;
  readonly heard: number | Error | null;
}

function repliesFor(
  events: readonly PublishedEvent[],
  pushes: readonly Push[],
  replies: readonly (number | Error)[],
  { listOf, channelOf }: BusTarget,
): readonly Reply[] {
  const replyAt = (at: number): number | Error => replies[at] ?? busUnavailable("no reply");
  const pushed = new Map(
    pushes.flatMap(({ events: together }, at) => together.map((event) => [event, replyAt(at)] as const)),
  );
  let at = pushes.length;
  return events.map((event) => ({
    id: event.id,
    list: listOf(event.type),
    pushed: pushed.get(event) ?? null,
    heard: channelOf(event.type) === null ? null : replyAt(at++),
  }));
}

/** An event is on the bus when its list has it; where there is no list, when its channel has taken it. */
function readReplies(replies: readonly Reply[], noteLength: ListGuard["note"]): Read {
  const refusals: { trouble: Error | null; unheard: Error | null } = { trouble: null, unheard: null };
  const written = new Set<EventId>();
  for (const { id, list, pushed, heard } of replies) {
    if (list !== null && typeof pushed === "number") noteLength(list, pushed);
    const durable = pushed ?? heard;
    if (durable instanceof Error) refusals.trouble = durable;
    else written.add(id);
    if (pushed !== null && heard instanceof Error) refusals.unheard = heard;
  }
  const audiences = replies.flatMap(({ heard }) => (typeof heard === "number" ? [heard] : []));
  return { written, receivers: audiences.length === 0 ? null : Math.min(...audiences), ...refusals };
}

/** The bus within one deadline, whatever of it is asked. */
function openExchange({ link, system }: BusWriterDeps, deadlineMs: number): Exchange {
  const endAt = system.monotonicMs() + deadlineMs;
  const tooLate = (): Error => busUnavailable(`no answer within ${deadlineMs} ms`);
  const leftMs = (): number => {
    const left = endAt - system.monotonicMs();
    // An entry sent now would arrive although nobody counts on it, and once more later.
    if (left <= 0) throw tooLate();
    return left;
  };
  return {
    untilReady: () => link.untilReady(leftMs()),
    send: async (commands) => {
      if (commands.length === 0) return [];
      const late = Promise.withResolvers<never>();
      // A reply that lies in the socket is read first: then it was this process that stood still, not the bus (trap 50).
      const timer = setTimeout(() => setImmediate(() => late.reject(tooLate())), leftMs());
      try {
        return await Promise.race([link.send(commands), late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
