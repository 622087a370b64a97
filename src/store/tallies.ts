/**
 * Tallies: the sums of a group of attempts, one for each endpoint and hour, so that recording it costs a few counters
 * whatever the number of its attempts; and what they mean for the endpoint's health, in the order in which they ended.
 */
import type { AttemptRecord } from "../core/attempt.ts";
import type { EndpointId } from "../core/brand.ts";
import type { Keys } from "./keys.ts";
import { attemptField, hourOf } from "./statistics.ts";

export interface Tally {
  readonly endpointId: EndpointId;
  /** The key of its counters. */
  readonly hour: string;
  readonly incarnation: string;
  /** From 1. */
  readonly number: number;
  readonly attempts: Map<string, number>;
  /** ISO 8601 of the last success among them. */
  deliveredAt: string | null;
  /** Those after the last success. */
  failing: Failing | null;
}

interface Failing {
  /** ISO 8601. */
  readonly since: string;
  /** Without those whose destination we have refused ourselves: they say nothing of the receiver. */
  count: number;
  last: Pick<AttemptRecord, "outcome" | "status" | "reason">;
}

/** Stands for the number of the tally of what is tallied nowhere. */
export const NO_TALLY = 0;

/** Answers with the number of the tally that the attempt went into. */
export function addToTally(
  record: AttemptRecord,
  incarnation: string,
  keys: Keys,
  tallies: Map<string, Tally>,
): number {
  const { endpointId, startedAt, outcome, status, reason } = record;
  const hour = keys.statisticsHour(endpointId, hourOf(startedAt));
  const name = `${incarnation}:${hour}`;
  const number = tallies.size + 1;
  const fresh = {
    endpointId,
    hour,
    incarnation,
    number,
    attempts: new Map(),
    deliveredAt: null,
    failing: null,
  };
  const sum: Tally = tallies.get(name) ?? fresh;
  tallies.set(name, sum);
  const field = attemptField(record);
  sum.attempts.set(field, (sum.attempts.get(field) ?? 0) + 1);
  if (outcome === "delivered") {
    sum.deliveredAt = startedAt;
    sum.failing = null;
    return sum.number;
  }
  const last = { outcome, status, reason };
  sum.failing ??= { since: startedAt, count: 0, last };
  sum.failing.last = last;
  if (outcome !== "blocked") sum.failing.count += 1;
  return sum.number;
}

/** Arguments of a tally before its counters, of which the last says how many those are. */
export const ARGS_OF_TALLY = 7;

/** As the script takes them. */
export function tallyArgs({
  endpointId,
  incarnation,
  deliveredAt,
  failing,
  attempts,
}: Tally): readonly (string | number)[] {
  const health = healthArgs({ deliveredAt, failing });
  return [endpointId, incarnation, ...health, attempts.size, ...[...attempts].flat()];
}

/** The part of a tally that says how an endpoint is. */
export type HealthOfTally = Pick<Tally, "deliveredAt" | "failing">;

/** As the ladder's `follow` takes them. */
export function healthArgs({ deliveredAt, failing }: HealthOfTally): readonly (string | number)[] {
  const last = failing === null ? "" : JSON.stringify(failing.last).slice(1, -1);
  return [deliveredAt ?? "", failing?.since ?? "", failing?.count ?? 0, last];
}

export const withoutHealth = (tally: Tally): Tally => ({ ...tally, deliveredAt: null, failing: null });

/** One after the other, as if they were one. */
export function joinHealth(first: HealthOfTally, then: HealthOfTally): HealthOfTally {
  if (then.deliveredAt !== null) return then;
  const { deliveredAt } = first;
  if (first.failing === null || then.failing === null)
    return { deliveredAt, failing: then.failing ?? first.failing };
  const { since, count } = first.failing;
  return { deliveredAt, failing: { ...then.failing, since, count: count + then.failing.count } };
}
