/**
 * The migration as JSON: how it stands, what may be asked of the switch, and the report. Values are checked here, what
 * the phases allow is for management to say.
 */
import { z } from "zod";
import { DELIVERY_STATUSES } from "../core/delivery.ts";
import { DURATION_PATTERN, formatDuration, parseDurationMs } from "../core/duration.ts";
import { EVENT_TYPE_MAX_LENGTH } from "../core/event.ts";
import {
  BACKLOG_CHOICES,
  type MigrationSwitch,
  PHASES,
  SHARED_TYPE_PATTERN,
  type SwitchChange,
} from "../core/migration.ts";
import type { MigrationStatus } from "../manage/migration.ts";
import type { MigrationReport } from "../manage/migration-report.ts";
import { inJson, isoOf } from "./json-names.ts";
import { withExample } from "./routing.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const phase = z.enum(PHASES);
const percent = z.int().min(0).max(100);
const time = z.iso.datetime();
const shares = z
  .record(z.string(), percent)
  .describe("Per cent of the events that go by webhook, by type; `*` is for all others.");

/** Text such as `30m`, as whole ms within bounds. */
function duration(minMs: number, maxMs: number) {
  const message = `expected a duration such as 30m, from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return z
    .string()
    .max(30)
    .regex(DURATION_PATTERN, message)
    .transform((text, context) => {
      const durationMs = parseDurationMs(text);
      if (durationMs !== null && durationMs >= minMs && durationMs <= maxMs) return durationMs;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    });
}

const sharedType = z
  .string()
  .max(EVENT_TYPE_MAX_LENGTH)
  .regex(SHARED_TYPE_PATTERN, "expected an event type, or *");

const switchFields = z.strictObject({
  phase,
  for: duration(SECOND_MS, 30 * DAY_MS)
    .optional()
    .describe("After so long the phase that was set for good before comes back by itself: `30m`, 1s to 30d."),
  reason: z.string().max(200).optional().describe("Why, for the history."),
  backlog: z
    .enum(BACKLOG_CHOICES)
    .optional()
    .describe("What becomes of webhooks that were kept; has to be said where `redis` is left with some."),
  percent: z
    .union([percent, z.record(sharedType, percent)])
    .optional()
    .describe("The share of `dual` or `primary` that goes by webhook: of all, or by event type."),
});

export const askedSwitch = withExample(switchFields, { phase: "webhook", reason: "try it out" });

const change = z.object({
  version: z.int(),
  from: phase,
  to: phase,
  at: time,
  by: z.string(),
  reason: z.string().nullable(),
  shares,
  until: time.nullable().describe("Until when it was set; null for good."),
  return_to: phase.nullable(),
});

export const shownMigration = z.object({
  phase: phase.describe("The one that holds now."),
  version: z.int().describe("One more with each change; 0 where nobody has made one."),
  since: time.nullable().describe("Null where nobody has made a change."),
  by: z.string().describe("The API key, `environment`, or `timer` where a while was over."),
  reason: z.string().nullable(),
  until: time.nullable().describe("When it ends by itself; null for good."),
  return_to: phase.nullable().describe("The phase that comes then."),
  shares,
  environment: z
    .object({ phase, shares })
    .nullable()
    .describe("What the environment of a process said last; the later statement wins. Null for nothing."),
  backlog: z.int().describe("Events whose webhooks are kept until `redis` ends."),
  late: z.int().describe("Events that wait for the bus: those of `primary`, and what it did not take."),
  bus: z.object({
    list_length: z.int().nullable().describe("Null where there is no list, or no answer."),
    listeners: z.int().nullable().describe("Of the channel; null where there is none, or no answer."),
  }),
  history: z.array(change).describe("The latest first."),
});
export type ShownMigration = z.output<typeof shownMigration>;

export function showMigration({ stand, bus, history, ...status }: MigrationStatus): ShownMigration {
  const { version, by, reason, shares: standing, environment } = stand;
  return {
    ...{ phase: status.phase, version, since: version === 0 ? null : isoOf(stand.since), by, reason },
    ...showReturn(stand),
    shares: { ...standing },
    environment: environment && { phase: environment.phase, shares: { ...environment.shares } },
    backlog: status.backlog,
    late: status.late,
    bus: inJson(bus),
    history: history.map(showChange),
  };
}

const showReturn = ({ returns }: Pick<MigrationSwitch, "returns">) => ({
  until: isoOf(returns?.at ?? null),
  return_to: returns?.to ?? null,
});

const showChange = ({ at, shares: standing, returns, ...rest }: SwitchChange) => ({
  ...rest,
  at: isoOf(at),
  shares: { ...standing },
  ...showReturn({ returns }),
});

export const reportQuery = z.strictObject({
  since: duration(MINUTE_MS, DAY_MS).prefault("1h").describe("How far to look back: 1m to 1d."),
  min_events: z.coerce.number().int().min(0).max(1e9).default(100).describe("Fewer events are no evidence."),
  listeners: z.coerce
    .number()
    .int()
    .min(0)
    .max(1e6)
    .default(1)
    .describe("Listeners that the channel ought to have."),
  p99: duration(1, HOUR_MS)
    .prefault("5s")
    .describe("What the 99th percentile of webhooks is to keep, from acceptance to delivery."),
});

const latency = z.object({ p50_ms: z.number().nullable(), p99_ms: z.number().nullable() });

export const shownReport = z.object({
  verdict: z.enum(["safe", "unsafe"]).describe("Whether this is enough to take the next step."),
  because: z.array(z.string()).describe("What keeps it from being safe."),
  phase,
  since: time.describe("Events count from then on."),
  window_ms: z.number().describe("After so long what is owed counts as missing (REDIS_FALLBACK_AFTER)."),
  dispatched: z.int(),
  bus_only: z.int().describe("Of those, not in the share that goes by webhook."),
  on_bus: z.int(),
  delivered: z.int().describe("To the endpoint that is compared (LEGACY_REDIS_ENDPOINT)."),
  pending: z.int().describe("Owed, and younger than the window."),
  buried: z.int(),
  bus_latency: latency.describe("From acceptance."),
  webhook_latency: latency,
  listeners: z.int().nullable(),
  missing: z
    .array(
      z.object({
        event_id: z.string(),
        side: z.enum(["bus", "webhook"]),
        accepted_at: time,
        state: z.enum([...DELIVERY_STATUSES, "not_owed", "not_written"]),
      }),
    )
    .describe("What one of the ways owes for longer than the window: at most 1,000 of each, oldest first."),
});
export type ShownReport = z.output<typeof shownReport>;

export function showReport({ isSafe, since, missing, ...report }: MigrationReport): ShownReport {
  return {
    ...inJson(report),
    verdict: isSafe ? "safe" : "unsafe",
    because: [...report.because],
    since: isoOf(since),
    bus_latency: inJson(report.busLatency),
    webhook_latency: inJson(report.webhookLatency),
    missing: missing.map((one) => ({ ...inJson(one), accepted_at: isoOf(one.acceptedAt) })),
  };
}
