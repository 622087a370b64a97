/**
 * The reasons for which a bridge does not start: it would read what Hookwave writes, or another consumer still takes
 * from the list that it is to have alone. It looks, and changes nothing.
 */
import type { BridgeOrigin } from "../core/bridge.ts";
import { HookwaveError } from "../core/errors.ts";
import type { LookAtOthers, ServerIdentity } from "./bridge-ports.ts";
import type { BusTarget } from "./target.ts";

/** Looks at a busy consumer's processing list often enough to see it move, over more than a second. */
const LOOKS = 13;
const LOOK_EVERY_MS = 100;

/** True when both have one name; it is a loop if they are on one server as well. */
export function hasTargetsName({ kind, name, type }: BridgeOrigin, target: BusTarget): boolean {
  if (!target.takes(type)) return false;
  return name === (kind === "list" ? target.listOf(type) : target.channelOf(type));
}

/** Throws BRIDGE_LOOP. A channel is heard in all databases of its server, and on its replicas. */
export function insistNoLoop(origin: BridgeOrigin, source: ServerIdentity, target: ServerIdentity): void {
  const { kind, name } = origin;
  const isOneServer = source.runId === target.runId || source.replicationId === target.replicationId;
  if (!isOneServer || (kind === "list" && source.db !== target.db)) return;
  throw new HookwaveError("BRIDGE_LOOP", {
    expected: `a ${kind} that Hookwave does not write itself`,
    got: `${JSON.stringify(name)}, the bus' ${kind} for ${origin.type} on the same Redis (run id ${source.runId})`,
    remedy: `give the bus another name with LEGACY_REDIS_${kind.toUpperCase()}, in every process alike, or read another ${kind}`,
  });
}

/** Throws LIST_IN_USE when one of the other processing lists changes while it is looked at. `pause` takes ms. */
export async function insistNobodyTakes(
  list: string,
  look: LookAtOthers,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  const before = await look();
  for (let looks = 1; looks < LOOKS; looks += 1) {
    await pause(LOOK_EVERY_MS);
    const moved = movedList(before, await look());
    if (moved !== undefined) throw inUse(list, moved);
  }
}

function movedList(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string | undefined {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.find((name) => before.get(name) !== after.get(name));
}

function inUse(list: string, moved: string): HookwaveError {
  return new HookwaveError("LIST_IN_USE", {
    expected: `no other consumer of ${JSON.stringify(list)}`,
    got: `one that works: ${JSON.stringify(moved)} has changed`,
    remedy: "stop that consumer; the bridge and it would each get a part of the messages",
  });
}
