/**
 * Sends what lies in a dead letter again, from the first attempt on and under the same webhook-id. The new round is
 * stored before the letter is taken away, so that a crash between the two costs a letter too many, never the
 * delivery; and its job's id says which round it is, so that doing it twice does it once.
 */
import type { EndpointId } from "../core/brand.ts";
import { type DeadLetter, type Delivery, type DeliveryState, deliveryOf } from "../core/delivery.ts";
import { type Endpoint, isOwedTo, owedTo } from "../core/endpoint.ts";
import { HookwaveError, isWrongType } from "../core/errors.ts";
import { withoutEnd } from "../core/event.ts";
import { isJsonText } from "../core/json-text.ts";
import type { EventLedger, Outbox, WaitingIndex } from "../deliver/ports.ts";
import { registeredId } from "../endpoints/destinations.ts";
import { readEventsJob } from "./events-job.ts";
import type { RawKeys } from "./ports.ts";
import { enqueueEventsAgain, type Queues } from "./queues.ts";
import { readDeadLetter } from "./stored-letter.ts";

/** The endpoint for letters that are not to go where they were owed. */
interface Redirection {
  readonly to: EndpointId;
  /** ISO 8601: attempts at `to` from then on are of this redirection. */
  readonly since: string;
}

/** The redirection to the endpoint that has the id of the one which a letter was owed to, be it another by now. */
export const WHOEVER_HAS_ITS_ID = "whoever has its id";

/** Resolves with what the letter was. Throws DEAD_LETTER_UNKNOWN, EVENT_INVALID, REPLAY_INVALID. */
export type ReplayLetter = (
  id: string,
  redirection?: Redirection | typeof WHOEVER_HAS_ITS_ID | null,
) => Promise<DeadLetter>;

interface LetterReplayDeps {
  readonly queues: Queues;
  readonly redis: RawKeys;
  readonly outbox: Pick<Outbox, "schedule">;
  /** So that people see it as under way from here on. */
  readonly waiting: Pick<WaitingIndex, "add">;
  readonly stateOf: EventLedger["stateOf"];
  /** As it is now; undefined where none is registered. */
  readonly findEndpoint: (id: EndpointId) => Promise<Pick<Endpoint, "incarnation"> | undefined>;
}

export function createLetterReplay({
  queues,
  redis,
  outbox,
  waiting,
  stateOf,
  findEndpoint,
}: LetterReplayDeps): ReplayLetter {
  const redirected = async (delivery: Delivery, { to, since }: Redirection): Promise<Delivery> => {
    const round = roundAt(await stateOf({ ...delivery, endpointId: to }), since);
    const owed = owedTo((await findEndpoint(to)) ?? { incarnation: null });
    return { ...deliveryOf(withoutEnd(delivery.event), delivery.acceptedAt)(to, owed), round };
  };

  const again = async (id: string, delivery: Delivery, isAnyMeant: boolean): Promise<Delivery> => {
    const endpoint = await findEndpoint(registeredId(delivery));
    const isAnothers = endpoint !== undefined && !isOwedTo(delivery, endpoint);
    if (isAnothers && !isAnyMeant) throw owedToAnother(id, delivery);
    // Of a letter that does not say whom it was owed to, whoever is there now is taken for it.
    const owed = endpoint === undefined ? {} : owedTo(endpoint);
    return { ...nextRound(delivery), ...owed };
  };

  return async (id, redirection = null) => {
    const letter = await findLetter(id, queues, redis);
    if (letter.kind === "job") {
      if (redirection !== null && redirection !== WHOEVER_HAS_ITS_ID) throw notRedirectable(id);
      await enqueueAgain(id, letter, queues);
    } else {
      const { delivery } = letter;
      const isAnyMeant = redirection !== null;
      const isElsewhere =
        redirection !== null && redirection !== WHOEVER_HAS_ITS_ID && redirection.to !== delivery.endpointId;
      const next = isElsewhere
        ? await redirected(delivery, redirection)
        : await again(id, delivery, isAnyMeant);
      await waiting.add(next);
      await outbox.schedule(next, 0);
    }
    await queues.deadLetters.remove(id);
    return letter;
  };
}

/** Throws DEAD_LETTER_UNKNOWN. */
export async function findLetter(id: string, queues: Queues, redis: RawKeys): Promise<DeadLetter> {
  const letter = await readLetter(id, queues, redis);
  if (letter === null) throw letterUnknown(id);
  return letter;
}

/** As text, because BullMQ gives up a job at the first thing it cannot parse. Null when there is no such letter. */
export async function readLetter(id: string, queues: Queues, redis: RawKeys): Promise<DeadLetter | null> {
  const fields = await redis
    .hmget(queues.deadLetters.toKey(id), "data", "timestamp")
    .catch((error: unknown) => {
      if (isWrongType(error)) return [];
      throw error;
    });
  const [text = null, timestamp = null] = fields;
  return timestamp === null ? null : letterOf(id, text ?? "", timestamp);
}

/** One that cannot be read, such as another version's, is shown as it is: it must not hide the others. */
function letterOf(id: string, text: string, timestamp: string): DeadLetter {
  const letter = isJsonText(text) ? readDeadLetter(JSON.parse(text)) : null;
  if (letter !== null) return letter;
  const addedAt = /^\d{1,15}$/.test(timestamp) ? Number(timestamp) : 0;
  const problem = "this version cannot read it";
  const buriedAt = new Date(addedAt).toISOString();
  return { kind: "job", jobId: id, addedAt, text, problem, because: "invalid", buriedAt };
}

function nextRound(delivery: Delivery): Delivery {
  const event = withoutEnd(delivery.event);
  return { ...delivery, event, attempts: [], heldSince: null, round: delivery.round + 1 };
}

/**
 * The round of an event at an endpoint it was not buried for: the one after the last, unless that is this
 * redirection's own, begun before a crash or by another letter of the same event.
 */
function roundAt(state: DeliveryState | null, since: string): number {
  if (state === null) return 0;
  const last = state.attempts.at(-1);
  const isOwn = last === undefined ? state.status === "held" : last.startedAt >= since;
  return isOwn ? state.round : state.round + 1;
}

/** An events job that crashed its workers may be tried again; one that cannot be read stays unreadable. */
async function enqueueAgain(id: string, letter: DeadLetter & { kind: "job" }, queues: Queues): Promise<void> {
  const read = readEventsJob(letter.text, letter);
  // Its unreadable events have letters of their own.
  if (read.kind === "events" && read.events.length > 0) {
    return await enqueueEventsAgain(queues, id, { ...read, events: read.events.map(withoutEnd) });
  }
  throw new HookwaveError("EVENT_INVALID", {
    expected: "a dead letter that can be read",
    got: `${id}, which was buried because: ${letter.problem}`,
    remedy: "correct the producer and publish the event again, then remove this letter",
  });
}

function notRedirectable(id: string): HookwaveError {
  return new HookwaveError("REPLAY_INVALID", {
    expected: "a delivery, which can go to another endpoint",
    got: `${id}, an events job that was never dispatched`,
    remedy: "replay it without naming an endpoint; it then goes to all that subscribed",
  });
}

function owedToAnother(id: string, { endpointId }: Delivery): HookwaveError {
  return new HookwaveError("REPLAY_INVALID", {
    expected: "a dead letter whose endpoint is still there",
    got: `${id}, which was owed to an endpoint that has been removed; "${endpointId}" is another one by now`,
    remedy: `begin a replay that names it ("to": "${endpointId}", or --to ${endpointId}) if that one is to have it`,
  });
}

function letterUnknown(id: string): HookwaveError {
  return new HookwaveError("DEAD_LETTER_UNKNOWN", {
    expected: "the id of a dead letter",
    got: `"${id}"`,
    remedy: "list them with `hookwave dead-letters list`; a replayed letter is gone from the list",
  });
}
