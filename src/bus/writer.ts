/**
 * Writes events to the bus: per event the list first, which is durable, then the channel, all in one pipeline within a
 * deadline. A bus in trouble is somebody else's: it is told once a minute, counted, and left alone for a second, so that
 * it holds up neither publishing nor deliveries. A list that is not read any more gets nothing more.
 */
import type { EventId } from "../core/brand.ts";
import { HookwaveError, summarise } from "../core/errors.ts";
import type { PublishedEvent } from "../core/event.ts";
import type { Tell } from "../core/happening.ts";
import type { System } from "../core/system.ts";
import { listEntry, payloadOf } from "./message.ts";
import type { BusCommand, BusLink } from "./ports.ts";
import type { BusTarget } from "./target.ts";

export interface BusWriter {
  /**
   * Resolves with the ids that the bus has; never rejects. What is not among them may have got there all the same when
   * the deadline passed first.
   */
  readonly write: (events: readonly PublishedEvent[]) => Promise<ReadonlySet<EventId>>;
  /** False for a second after it failed: then it is not even asked. */
  readonly isWell: () => boolean;
  /** The latest trouble, for whom it keeps from publishing. */
  readonly trouble: () => string;
}

export interface BusWriterDeps {
  readonly link: BusLink;
  readonly target: BusTarget;
  readonly deadlineMs: number;
  readonly tell: Tell;
  readonly system: System;
}

const LEFT_ALONE_MS = 1_000;
const TOLD_EVERY_MS = 60_000;
/** The first connection may be further away than a write's deadline. */
const CONNECT_MS = 900;

export function createBusWriter(deps: BusWriterDeps): BusWriter {
  const { target, tell, system } = deps;
  const health = createHealth(deps);
  const listGuard = createListGuard(deps);

  const attempt = async (events: readonly PublishedEvent[]): Promise<ReadonlySet<EventId>> => {
    await deps.link.untilReady(CONNECT_MS);
    const fits = await listGuard.fitting(events);
    const replies = await withinDeadline(deps, commandsFor(fits, target));
    const { written, receivers, trouble, unheard } = readReplies(
      repliesFor(fits, replies, target),
      listGuard.note,
    );
    health.note(trouble);
    if (unheard !== null) health.tellTrouble(`the channel refused: ${unheard.message}`);
    const [full, failed] = [events.length - fits.length, fits.length - written.size];
    if (full > 0) health.tellTrouble(`${full} events: the list is at LEGACY_REDIS_LIST_MAX`);
    tell({ kind: "bus.written", written: written.size, failed, full, receivers, ...listGuard.longest() });
    return written;
  };

  return {
    write: async (events) => {
      try {
        return await attempt(events);
      } catch (error) {
        health.note(error);
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
    isWell: () => system.monotonicMs() >= health.unwellUntil(),
    trouble: health.latest,
  };
}

interface Health {
  readonly note: (trouble: unknown) => void;
  readonly tellTrouble: (got: string) => void;
  readonly unwellUntil: () => number;
  readonly latest: () => string;
}

function createHealth({ tell, system }: BusWriterDeps): Health {
  let unwellUntil = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  let latest = "nothing yet";
  const tellTrouble = (got: string): void => {
    latest = got;
    if (system.monotonicMs() - toldAt < TOLD_EVERY_MS) return;
    toldAt = system.monotonicMs();
    tell({ kind: "service.failed", doing: "write_bus", error: summarise(busUnavailable(got)) });
  };
  return {
    note: (trouble) => {
      if (trouble === null) return;
      unwellUntil = system.monotonicMs() + LEFT_ALONE_MS;
      tellTrouble(summarise(trouble).message);
    },
    tellTrouble,
    unwellUntil: () => unwellUntil,
    latest: () => latest,
  };
}

export function busUnavailable(got: string): HookwaveError {
  return new HookwaveError("BUS_UNAVAILABLE", {
    expected: "the legacy bus to take the event",
    got: got.slice(0, 300),
    remedy: "check LEGACY_REDIS_URL, its list and its permissions; docs/migration.md",
  });
}

interface ListGuard {
  /** Those for whose entries there is room. */
  readonly fitting: (events: readonly PublishedEvent[]) => Promise<readonly PublishedEvent[]>;
  readonly note: (list: string, length: number) => void;
  readonly longest: () => { readonly listLength: number | null };
}

/** A push answers how long the list is by now, so it is asked only near its maximum, or when nothing is known. */
function createListGuard(deps: BusWriterDeps): ListGuard {
  const { listOf, listMax } = deps.target;
  const lengths = new Map<string, number>();

  const roomIn = async (list: string, wanted: number): Promise<number> => {
    const known = lengths.get(list);
    if (known !== undefined && known + wanted <= listMax / 2) return wanted;
    const [length] = await withinDeadline(deps, [["llen", list]]);
    if (typeof length !== "number") throw length ?? busUnavailable("no reply to LLEN");
    lengths.set(list, length);
    return Math.max(0, listMax - length);
  };

  return {
    fitting: async (events) => {
      const byList = Map.groupBy(events, ({ type }) => listOf(type));
      const fitting: PublishedEvent[] = [];
      for (const [list, group] of byList) {
        fitting.push(...(list === null ? group : group.slice(0, await roomIn(list, group.length))));
      }
      return fitting;
    },
    note: (list, length) => void lengths.set(list, length),
    longest: () => ({ listLength: lengths.size === 0 ? null : Math.max(...lengths.values()) }),
  };
}

function commandsFor(events: readonly PublishedEvent[], target: BusTarget): readonly BusCommand[] {
  return events.flatMap((event) => {
    const [list, channel] = [target.listOf(event.type), target.channelOf(event.type)];
    const commands: BusCommand[] = [];
    if (list !== null) commands.push(["lpush", list, listEntry(event, target.envelope)]);
    if (channel !== null) commands.push(["publish", channel, payloadOf(event)]);
    return commands;
  });
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
  replies: readonly (number | Error)[],
  target: BusTarget,
): readonly Reply[] {
  let at = 0;
  const next = (name: string | null): number | Error | null =>
    name === null ? null : (replies[at++] ?? busUnavailable("no reply"));
  return events.map(({ id, type }) => {
    const list = target.listOf(type);
    return { id, list, pushed: next(list), heard: next(target.channelOf(type)) };
  });
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

async function withinDeadline(
  { link, deadlineMs }: BusWriterDeps,
  commands: readonly BusCommand[],
): Promise<readonly (number | Error)[]> {
  if (commands.length === 0) return [];
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => tooLate.reject(busUnavailable(`no answer within ${deadlineMs} ms`)),
    deadlineMs,
  );
  try {
    return await Promise.race([link.send(commands), tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}
