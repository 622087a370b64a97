/**
 * The tally of the rehearsal: for each event when it was published and in which act, held against what the consumer of
 * the bus and the receiver of webhooks noted themselves. It asks the sender for nothing.
 */
import type { DemoReceiver } from "../receiver.ts";
import { ACTS } from "./acts.ts";
import type { BusConsumer } from "./consumer.ts";

export interface Sent {
  readonly id: string;
  /** Index of its act; null while the fleet was being switched, when the rule before or the one after may hold. */
  act: number | null;
  readonly atMs: number;
}

/** Counts of each id, by the way it came. */
export interface Arrivals {
  readonly list: ReadonlyMap<string, number>;
  readonly channel: ReadonlyMap<string, number>;
  readonly webhook: ReadonlyMap<string, number>;
}

export function arrivalsAt({ popped, heard }: BusConsumer, { notes }: DemoReceiver): Arrivals {
  return {
    list: countOf(popped.map(({ modelId }) => modelId)),
    channel: countOf(heard),
    webhook: countOf(notes.map(({ webhookId }) => webhookId)),
  };
}

function countOf(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** True when all that its act promises has come; kept webhooks are promised for later. */
export function isComplete({ id, act }: Sent, { list, channel, webhook }: Arrivals): boolean {
  const { isOnBus = false, isKept = false } = act === null ? {} : (ACTS[act] ?? {});
  return (!isOnBus || (list.has(id) && channel.has(id))) && (isKept || webhook.has(id));
}

export interface Row {
  readonly act: string;
  readonly published: number;
  readonly onList: number;
  readonly onChannel: number;
  readonly byWebhook: number;
  /** Ids that a promised way does not have. */
  readonly missing: number;
  /** Ids on the bus in an act that promises silence there. */
  readonly unasked: number;
  /** Ids that came more than once some way. */
  readonly repeated: number;
}

export function rowsOf(sent: readonly Sent[], arrivals: Arrivals): readonly Row[] {
  const rows = ACTS.map((act, index) => {
    const rowName = index > 0 && act.phase === ACTS[0]?.phase ? `${act.phase} again` : act.phase;
    const own = sent.filter((one) => one.act === index);
    return rowOf(rowName, own, arrivals, act.isOnBus, !act.isOnBus);
  });
  const between = sent.filter(({ act }) => act === null);
  return [...rows, rowOf("while switching", between, arrivals, false, false)];
}

function rowOf(
  act: string,
  sent: readonly Sent[],
  { list, channel, webhook }: Arrivals,
  isBusOwed: boolean,
  isBusSilent: boolean,
): Row {
  const ids = sent.map(({ id }) => id);
  const had = (way: ReadonlyMap<string, number>): number => ids.filter((id) => way.has(id)).length;
  const isOnBus = (id: string): boolean => list.has(id) || channel.has(id);
  const isMissing = (id: string): boolean =>
    !webhook.has(id) || (isBusOwed && !(list.has(id) && channel.has(id)));
  const isRepeated = (id: string): boolean => [list, channel, webhook].some((way) => (way.get(id) ?? 0) > 1);
  return {
    act,
    published: ids.length,
    onList: had(list),
    onChannel: had(channel),
    byWebhook: had(webhook),
    missing: ids.filter(isMissing).length,
    unasked: isBusSilent ? ids.filter(isOnBus).length : 0,
    repeated: ids.filter(isRepeated).length,
  };
}
