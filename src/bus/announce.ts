/**
 * The bus as dispatching meets it: after the claim and before the first attempt, each event of a batch goes onto the
 * bus, is put aside, or does neither, as its phase's rule says. What the bus does not take waits on the shelf of late
 * events; a webhook that is not delivered when its job ends is written down as owed. Both happen while the job still
 * stands for the events, so a crash loses neither.
 */
import type { EventId } from "../core/brand.ts";
import type { Claim } from "../core/delivery.ts";
import type { EventsBatch } from "../core/event.ts";
import { type MigrationSwitch, phaseAt } from "../core/migration.ts";
import type { Bus, Passage } from "../deliver/ports.ts";
import type { GatheringWriter } from "./gather.ts";
import { isDeliveredIn, type OpenWebhooks } from "./open-webhooks.ts";
import type { CountMigration, CurrentSwitch, KeptEvent, ParityBook, Shelf } from "./ports.ts";
import { BY_WEBHOOK, type Rule, ruleFor } from "./rule.ts";
import type { BusTarget } from "./target.ts";

interface AnnounceDeps {
  readonly currentSwitch: CurrentSwitch;
  readonly target: BusTarget;
  readonly writer: Pick<GatheringWriter, "write" | "isWell">;
  /** Events that the bus did not take, and is owed whatever becomes of the webhook. */
  readonly late: Shelf;
  /** Events that it will be owed unless they are delivered in time. */
  readonly fallback: Shelf;
  readonly backlog: Shelf;
  readonly parity: ParityBook;
  readonly webhooks: OpenWebhooks;
  readonly count: CountMigration;
  /** Patience of `primary` with a webhook. */
  readonly fallbackAfterMs: number;
  readonly now: () => number;
}

const NOTHING_WITHHELD: ReadonlySet<EventId> = new Set();
const OPEN: Passage = {
  withheld: NOTHING_WITHHELD,
  conclude: () => Promise.resolve(),
  abandon: () => undefined,
};

interface Ruled extends KeptEvent {
  readonly rule: Rule;
  readonly claim: Claim;
  /** In `dual` both ways are compared. */
  readonly isCompared: boolean;
}

export function createBus(deps: AnnounceDeps): Bus {
  return {
    announce: async (batch, claims) => {
      if (!batch.events.some(({ type }) => deps.target.takes(type))) return OPEN;
      const ruled = rulesFor(batch, claims, await deps.currentSwitch(), deps);
      if (ruled.every(({ rule, isCompared }) => rule === BY_WEBHOOK && !isCompared)) return OPEN;
      await writeNow(ruled, deps);
      await shelve(ruled, deps);
      return passageOf(ruled, deps);
    },
  };
}

function rulesFor(
  { events, holder, acceptedAt }: EventsBatch,
  claims: readonly Claim[],
  stand: MigrationSwitch,
  { target, now }: AnnounceDeps,
): readonly Ruled[] {
  const isDual = phaseAt(stand, now()) === "dual";
  return events.flatMap((event, index) => {
    const claim = claims[index];
    if (claim === undefined || claim.kind === "taken" || !target.takes(event.type)) return [];
    const at = claim.kind === "again" ? claim.acceptedAt : acceptedAt;
    const rule = isOnItsWay(claim) ? BY_WEBHOOK : ruleFor(event, at, stand, now());
    return [{ event, holder, acceptedAt: at, claim, rule, isCompared: isDual && rule.webhook === "deliver" }];
  });
}

/** A re-run that finds deliveries begun: the rule was decided before, and what it asks of the bus was done first. */
const isOnItsWay = (claim: Claim): boolean => claim.kind === "again" && claim.states.size > 0;

async function writeNow(ruled: readonly Ruled[], deps: AnnounceDeps): Promise<void> {
  const { writer, late, count, now } = deps;
  const owed = ruled.filter(({ rule }) => rule.bus === "now");
  if (owed.length === 0) return;
  const written = writer.isWell() ? await writer.write(owed.map(({ event }) => event)) : new Set<EventId>();
  const missed = owed.filter(({ event }) => !written.has(event.id));
  const busLatencies = owed
    .filter(({ event }) => written.has(event.id))
    .map(({ acceptedAt }) => now() - acceptedAt);
  count({ onBus: written.size, busLatencies });
  // On the shelf in every phase: a job that tried again would write once more what the bus has of its batch.
  if (missed.length > 0) await late.add(missed, now);
}

async function shelve(
  ruled: readonly Ruled[],
  { fallback, backlog, fallbackAfterMs }: AnnounceDeps,
): Promise<void> {
  const keep = ruled.filter(({ rule }) => rule.webhook === "keep");
  const maybeLate = ruled.filter(({ rule }) => rule.bus === "late");
  await Promise.all([
    keep.length === 0 ? undefined : backlog.add(keep, ({ acceptedAt }) => acceptedAt),
    maybeLate.length === 0
      ? undefined
      : fallback.add(maybeLate, ({ acceptedAt }) => acceptedAt + fallbackAfterMs),
  ]);
}

function passageOf(ruled: readonly Ruled[], { webhooks, parity, count }: AnnounceDeps): Passage {
  const withheld = ruled.filter(({ rule }) => rule.webhook !== "deliver");
  const compared = ruled.filter(({ isCompared }) => isCompared);
  const fresh = ruled.filter(({ claim }) => claim.kind === "fresh");
  count({
    dispatched: fresh.length,
    busOnly: fresh.filter(({ rule }) => rule.webhook === "never").length,
  });
  for (const { event } of compared) webhooks.open(event.id);
  return {
    withheld: new Set(withheld.map(({ event }) => event.id)),
    abandon: () => {
      for (const { event } of compared) webhooks.close(event.id);
    },
    conclude: async () => {
      const owed = compared.filter(
        (one) => !webhooks.close(one.event.id) && !isDeliveredIn(one.claim, webhooks.endpointId),
      );
      if (owed.length > 0)
        await parity.owe(owed.map(({ event: { id }, acceptedAt }) => ({ id, acceptedAt })));
    },
  };
}
