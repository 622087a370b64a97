/**
 * The publisher's side of the bus: in phase `redis` an event is on the bus before its publish is acknowledged, and its
 * job says so. In every other phase it does nothing: the workers see to the bus.
 */
import type { EventId } from "../core/brand.ts";
import type { PublishedEvent } from "../core/event.ts";
import { phaseAt } from "../core/migration.ts";
import type { CurrentSwitch } from "./ports.ts";
import type { BusTarget } from "./target.ts";
import { busUnavailable } from "./unavailable.ts";
import type { BusWriter } from "./writer.ts";

interface PutOnBusDeps {
  readonly currentSwitch: CurrentSwitch;
  readonly target: BusTarget;
  readonly writer: BusWriter;
  readonly now: () => number;
}

const NONE: ReadonlySet<EventId> = new Set();

/** The ids of those that the bus has; rejects with BUS_UNAVAILABLE where one has to be on it and is not. */
type PutOnBus = (events: readonly PublishedEvent[]) => Promise<ReadonlySet<EventId>> | null;

export function createPutOnBus(deps: PutOnBusDeps): PutOnBus {
  const { takes } = deps.target;
  return (events) => (events.some(({ type }) => takes(type)) ? putOnBus(events, deps) : null);
}

async function putOnBus(
  events: readonly PublishedEvent[],
  { currentSwitch, target, writer, now }: PutOnBusDeps,
): Promise<ReadonlySet<EventId>> {
  if (phaseAt(await currentSwitch(), now()) !== "redis") return NONE;
  const concerned = [
    ...new Map(events.flatMap((one) => (target.takes(one.type) ? [[one.id, one]] : []))).values(),
  ];
  const written = await writer.write(concerned);
  if (written.size < concerned.length) throw busUnavailable(writer.trouble());
  return written;
}
