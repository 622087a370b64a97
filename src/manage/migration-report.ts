/**
 * The evidence of a migration: what both ways have had, what one of them is missing by name, and whether that is enough
 * to take the next step. What is missing is taken from what is owed, and asked of the ledger once more; a delivery that
 * was recorded just before a crash is not missing.
 */
import type { Shelf } from "../bus/ports.ts";
import type { EndpointId, EventId } from "../core/brand.ts";
import type { DeliveryStatus } from "../core/delivery.ts";
import { quantileMs } from "../core/histogram.ts";
import { type MigrationSwitch, type Phase, phaseAt } from "../core/migration.ts";
import type { EventLedger } from "../deliver/ports.ts";
import type { MigrationCounter } from "../store/migration-counts.ts";
import type { MigrationStore } from "../store/migration-switch.ts";
import type { ParityStore } from "../store/parity.ts";

/** The bus itself, as far as it can be seen; null where there is no such thing, or no answer. */
export interface BusLook {
  readonly listLength: number | null;
  readonly listeners: number | null;
}

export interface ReportRequest {
  /** Ms to look back. */
  readonly sinceMs: number;
  /** Fewer events are no evidence. */
  readonly minEvents: number;
  /** Listeners that the channel ought to have. */
  readonly listeners: number;
  /** The 99th percentile that a webhook is to keep, in ms from acceptance. */
  readonly p99GoalMs: number;
}

interface MissingEvent {
  readonly eventId: EventId;
  readonly side: "bus" | "webhook";
  /** Epoch ms. */
  readonly acceptedAt: number;
  /** Of the delivery to the endpoint that is compared; `not_owed` where it was never to go there. */
  readonly state: DeliveryStatus | "not_owed" | "not_written";
}

export interface Latency {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface MigrationReport {
  readonly phase: Phase;
  /** Epoch ms from which events count. */
  readonly since: number;
  /** Ms after which what is owed counts as missing. */
  readonly windowMs: number;
  readonly dispatched: number;
  /** Of those, not in the share that goes by webhook. */
  readonly busOnly: number;
  readonly onBus: number;
  readonly delivered: number;
  /** Owed, and younger than the window. */
  readonly pending: number;
  readonly buried: number;
  readonly busLatency: Latency;
  readonly webhookLatency: Latency;
  readonly listeners: number | null;
  /** The first thousand. */
  readonly missing: readonly MissingEvent[];
  readonly missingTotal: number;
  readonly isSafe: boolean;
  /** Doubts that keep it from being safe, in words. */
  readonly because: readonly string[];
}

interface ReportDeps {
  readonly migration: MigrationStore;
  readonly counter: MigrationCounter;
  readonly parity: ParityStore;
  readonly late: Shelf;
  readonly fallback: Shelf;
  readonly stateOf: EventLedger["stateOf"];
  readonly lookAtBus: () => Promise<BusLook>;
  /** The endpoint that is compared with the bus. */
  readonly endpointId: EndpointId;
  readonly windowMs: number;
  readonly now: () => number;
}

const MISSING_SHOWN = 1_000;
const HOUR_MS = 60 * 60 * 1_000;
/** No count is older. */
const COUNTS_KEPT_MS = 25 * HOUR_MS;

export function createMigrationReport(
  deps: ReportDeps,
): (request: ReportRequest) => Promise<MigrationReport> {
  const { migration, counter, windowMs, now } = deps;
  return async (request) => {
    const nowMs = now();
    const overdueAt = nowMs - windowMs;
    const since = Math.max(nowMs - request.sinceMs, nowMs - COUNTS_KEPT_MS);
    const stand = await migration.current();
    // It settles what the ledger says is delivered, so what is counted is counted after it.
    const missing = await missingUntil(overdueAt, deps);
    const [sums, owed, missingTotal, { listeners }] = await Promise.all([
      counter.read(since),
      countOwed(deps),
      countOwed(deps, overdueAt),
      deps.lookAtBus(),
    ]);
    const figures = {
      phase: phaseAt(stand, nowMs),
      since,
      windowMs,
      dispatched: sums.get("dispatched") ?? 0,
      busOnly: sums.get("busOnly") ?? 0,
      onBus: sums.get("onBus") ?? 0,
      delivered: sums.get("delivered") ?? 0,
      pending: Math.max(0, owed - missingTotal),
      buried: missing.filter(({ state }) => state === "buried").length,
      busLatency: latencyOf(sums, "b"),
      webhookLatency: latencyOf(sums, "w"),
      listeners,
      missing,
      missingTotal,
    };
    const because = doubtsAbout(figures, request, stand, nowMs);
    return { ...figures, isSafe: because.length === 0, because };
  };
}

async function countOwed({ parity, late, fallback }: Books, untilMs?: number): Promise<number> {
  const counts = await Promise.all([parity, late, fallback].map((book) => book.count(untilMs)));
  return counts.reduce((sum, count) => sum + count, 0);
}

type Books = Pick<ReportDeps, "parity" | "late" | "fallback">;

/** Of both ways, oldest first each; one that is found delivered is taken from the book. */
async function missingUntil(
  overdueAt: number,
  { parity, late, fallback, stateOf, endpointId }: Books & Pick<ReportDeps, "stateOf" | "endpointId">,
): Promise<readonly MissingEvent[]> {
  const [owed, refused, overdue] = await Promise.all([
    parity.owedUntil(overdueAt, MISSING_SHOWN),
    late.due(overdueAt, MISSING_SHOWN),
    fallback.due(overdueAt, MISSING_SHOWN),
  ]);
  const states = await Promise.all(
    owed.map(({ id, acceptedAt }) => stateOf({ event: { id }, endpointId, acceptedAt })),
  );
  const webhooks = owed.map(({ id, acceptedAt }, index) => {
    const state = states[index]?.status ?? ("not_owed" as const);
    return { eventId: id, side: "webhook" as const, acceptedAt, state };
  });
  const delivered = webhooks.filter(({ state }) => state === "delivered");
  if (delivered.length > 0) await parity.settle(delivered.map(({ eventId }) => eventId));
  const bus = [...refused, ...overdue].map(({ event, acceptedAt }) => ({
    eventId: event.id,
    side: "bus" as const,
    acceptedAt,
    state: "not_written" as const,
  }));
  return [...webhooks.filter(({ state }) => state !== "delivered"), ...bus];
}

/** For a gauge: one by one, or as the books count them where there are more than a report names. */
export async function countMissing(
  overdueAt: number,
  books: Books & Pick<ReportDeps, "stateOf" | "endpointId">,
): Promise<number> {
  const { length } = await missingUntil(overdueAt, books);
  if (length < MISSING_SHOWN) return length;
  return await countOwed(books, overdueAt);
}

function latencyOf(sums: ReadonlyMap<string, number>, way: "b" | "w"): Latency {
  const counts = new Map<number, number>();
  for (const [field, count] of sums) {
    const [, letter, bucket] = /^([bw])(\d+)$/.exec(field) ?? [];
    if (letter === way) counts.set(Number(bucket), count);
  }
  return { p50Ms: quantileMs(counts, 0.5), p99Ms: quantileMs(counts, 0.99) };
}

type Figures = Omit<MigrationReport, "isSafe" | "because">;

function doubtsAbout(
  figures: Figures,
  { minEvents, listeners, p99GoalMs, sinceMs }: ReportRequest,
  stand: MigrationSwitch,
  nowMs: number,
): readonly string[] {
  const { phase, dispatched, busOnly, onBus, delivered, missingTotal, webhookLatency } = figures;
  const seenForMs = Math.min(sinceMs, nowMs - stand.since);
  const p99Ms = webhookLatency.p99Ms ?? 0;
  const byWebhook = Math.max(0, dispatched - busOnly);
  const fellBack = phase === "primary" ? Math.max(0, onBus - busOnly) : 0;
  const doubts: readonly (readonly [boolean, string])[] = [
    [phase !== "dual" && phase !== "primary", `in phase ${phase} the two ways are not compared`],
    [byWebhook < minEvents, `${byWebhook} events by webhook are fewer than ${minEvents}`],
    [delivered === 0, "no webhook was delivered"],
    [fellBack > 0, `${fellBack} came too late by webhook and fell back to the bus`],
    [
      seenForMs < HOUR_MS,
      `compared for ${Math.floor(seenForMs / 60_000)} minutes, which is less than an hour`,
    ],
    [missingTotal > 0, `${missingTotal} missing`],
    [p99Ms > p99GoalMs, `the 99th percentile of webhooks is ${p99Ms} ms, above ${p99GoalMs} ms`],
    [
      (figures.listeners ?? 0) < listeners,
      `${figures.listeners ?? "unknown"} listeners on the channel, ${listeners} expected`,
    ],
  ];
  return doubts.filter(([isDoubt]) => isDoubt).map(([, words]) => words);
}
