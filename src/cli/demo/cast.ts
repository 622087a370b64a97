/** The cast of the demo and its programme: three receivers, seven events, ten deliveries. */
import type { KnownEventType } from "../../catalogue/catalogue.ts";
import type { ProfileName } from "../../core/endpoint.ts";
import { subscriptionCovers } from "../../core/event.ts";

export interface Role {
  readonly name: "healthy" | "flaky" | "broken";
  readonly profile: ProfileName;
  readonly events: readonly string[];
  /** Its part, in words for the audience. */
  readonly doc: string;
  /** The status for a webhook-id that has come `timesBefore` already. */
  readonly answer: (timesBefore: number) => number;
}

// A breaker opens at five calls within ten seconds of which half failed, and then holds for a minute. So that
// the schedule itself can be watched, those who fail get few events: flaky two, broken one.
export const CAST: readonly Role[] = [
  {
    name: "healthy",
    profile: "hokusai",
    events: ["*"],
    doc: "takes every event, answers 200",
    answer: () => 200,
  },
  {
    name: "flaky",
    profile: "standard",
    events: ["job.completed", "task_completed"],
    doc: "takes two events, answers 503 twice, then 200",
    answer: (timesBefore) => (timesBefore < 2 ? 503 : 200),
  },
  {
    name: "broken",
    profile: "hokusai",
    events: ["model.registered"],
    doc: "takes one event, answers 500 until it is healed",
    answer: () => 500,
  },
];

/** Events on this stage; the data of each is the catalogue's example. */
export const PROGRAMME = [
  "model.registered",
  "job.started",
  "job.progress",
  "job.completed",
  "task_started",
  "task_progress",
  "task_completed",
] as const satisfies readonly KnownEventType[];

export function eventsFor({ events }: Role): readonly string[] {
  return PROGRAMME.filter((type) => events.some((pattern) => subscriptionCovers(pattern, type)));
}

export const DELIVERIES = CAST.reduce((sum, role) => sum + eventsFor(role).length, 0);
