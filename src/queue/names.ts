/**
 * The three queues, three states a person can count: new, trying again, given up. Job ids are hashed from ours,
 * never taken as they come: `meta` or `wait` as a job id makes BullMQ lose the job or bricks the queue (trap 3).
 */
import { hash } from "node:crypto";
import type { DeliveryId, EventId } from "../core/brand.ts";

export const EVENTS_QUEUE = "events";
export const DELIVERIES_QUEUE = "deliveries";
export const DEAD_LETTERS_QUEUE = "dead-letters";

const digest = (text: string): string => hash("sha256", text, "base64url");

/** Each round of a delivery (a replay starts a new one) is a job of its own. */
export const deliveryJobId = (id: DeliveryId, round: number): string => `d_${digest(`${id}#${round}`)}`;

/** The letter of a delivery that was given up in this round. */
export const deliveryLetterId = (id: DeliveryId, round: number): string => deadLetterId(`${id}#${round}`);

export const deadLetterId = (what: string): string => `dl_${digest(what)}`;

/** An event that goes on alone, split off from the job of `holder`. */
export const splitJobId = (holder: string, id: EventId): string => `s_${digest(`${holder}#${id}`)}`;
