/**
 * The three queues, three states a person can count: new, trying again, given up. Job ids are hashed from ours,
 * never taken as they come: `meta` or `wait` as a job id makes BullMQ lose the job or bricks the queue (trap 3).
 */
import { hash } from "node:crypto";
import type { EventId } from "../core/brand.ts";
import { deliveryId, type Round } from "../core/delivery.ts";

export const EVENTS_QUEUE = "events";
export const DELIVERIES_QUEUE = "deliveries";
export const DEAD_LETTERS_QUEUE = "dead-letters";

const digest = (text: string): string => hash("sha256", text, "base64url");

/** Ids under which a round's letter is found: first its own, then the one that versions before gave it. */
export type Ids = readonly [own: string, former: string];
/** The same of its job, which has the second one while the first is that of a job in work, which parks the delivery. */
type JobIds = readonly [own: string, other: string, former: string];

function namesOf(one: Round): Ids {
  const id = deliveryId(one);
  return [`${id}@${one.acceptedAt}#${one.round}`, `${id}#${one.round}`];
}

export function deliveryJobIds(one: Round): JobIds {
  const [own, former] = namesOf(one);
  return [`d_${digest(own)}`, `d_${digest(`${own}~`)}`, `d_${digest(former)}`];
}

export function deliveryLetterIds(one: Round): Ids {
  const [own, former] = namesOf(one);
  return [deadLetterId(own), deadLetterId(former)];
}

export const deadLetterId = (what: string): string => `dl_${digest(what)}`;

/** A holder among all queues of an installation: that of events which leave the queue of this prefix. */
export const handedHolder = (from: string, holder: string): string => `${from}#${holder}`;

/** Events of the job of `holder` that go on in their own shard; `id` is the first one's. */
export const handedJobId = (holder: string, id: EventId): string => `h_${digest(`${holder}#${id}`)}`;

/**
 * An event that goes on alone, split off from the job of `holder`. From each `place` on a shelf by a job of its own: the one
 * before may be in work, putting it there again.
 */
export const splitJobId = (holder: string, id: EventId, place?: string): string =>
  `s_${digest([holder, id, ...(place === undefined ? [] : [place])].join("#"))}`;

/** Events of a job that was buried, in this letter, and that are wanted again. */
export const replayedJobId = (letter: string): string => `r_${digest(letter)}`;
