/** Retry schedules that have a name. Waits of an endpoint's own are written as they are. */
import { STANDARD_WEBHOOKS_SCHEDULE } from "../core/backoff.ts";

export const SCHEDULES = { "standard-webhooks": STANDARD_WEBHOOKS_SCHEDULE } as const;

export type ScheduleName = keyof typeof SCHEDULES;
