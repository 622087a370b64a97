/**
 * The switch as one process knows it. What was read a moment ago is acted on; a process that has not heard for longer
 * (it was frozen, or cut off) reads it again before it acts, so that an older phase never comes back.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { CurrentSwitch } from "../bus/ports.ts";
import type { Tell } from "../core/happening.ts";
import {
  laterOf,
  type MigrationSwitch,
  type Phase,
  phaseAt,
  type Start,
  UNTOUCHED,
} from "../core/migration.ts";
import type { System } from "../core/system.ts";

export interface SwitchMirror {
  /** As it was read last; for what does no harm when it is a second old. */
  readonly known: () => MigrationSwitch;
  /** Rejects when it is not fresh and cannot be read. */
  readonly current: CurrentSwitch;
  /** As `current`, but the last known one where it cannot be read. */
  readonly currentOrKnown: CurrentSwitch;
  readonly readAgain: () => Promise<MigrationSwitch>;
  /** Takes note of one that was read or written; the later of the two stands. */
  readonly learn: (read: MigrationSwitch | null) => MigrationSwitch;
}

/** For so long, what was read is acted on; the fleet obeys within two seconds. */
const FRESH_MS = 1_200;
/** From then on it is read in passing. */
const READ_AGAIN_MS = 500;
/** For so long a publish waits for the switch; for the first time, which includes connecting, as long as for the store. */
const PATIENCE_MS = 150;
const FIRST_PATIENCE_MS = 900;
/** A store that did not answer is not asked again at once by who cannot wait for it. */
const ASK_AGAIN_MS = 1_000;

interface SwitchMirrorDeps {
  readonly read: () => Promise<MigrationSwitch | null>;
  /** Stands until the switch has been read. */
  readonly start: Start | null;
  readonly tell: Tell;
  readonly system: System;
}

export function createSwitchMirror({ read, start, tell, system }: SwitchMirrorDeps): SwitchMirror {
  let known: MigrationSwitch = { ...UNTOUCHED, ...start };
  let readAt = Number.NEGATIVE_INFINITY;
  let failedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<MigrationSwitch> | null = null;
  /** A phase may also begin by itself, so it is compared with what was told. */
  let told: Phase = UNTOUCHED.phase;

  const learn = (found: MigrationSwitch | null): MigrationSwitch => {
    if (found !== null) known = laterOf(known, found);
    const phase = phaseAt(known, system.now());
    if (phase !== told) tell({ kind: "phase.changed", phase, by: known.by });
    told = phase;
    return known;
  };

  const readNow = async (): Promise<MigrationSwitch> => {
    const askedAt = system.monotonicMs();
    try {
      const found = await read();
      readAt = askedAt;
      return learn(found);
    } catch (error) {
      failedAt = system.monotonicMs();
      throw error;
    } finally {
      reading = null;
    }
  };
  const readAgain = (): Promise<MigrationSwitch> => {
    reading ??= readNow();
    return reading;
  };
  const current: CurrentSwitch = () => {
    const age = system.monotonicMs() - readAt;
    if (age >= FRESH_MS) return readAgain();
    if (age >= READ_AGAIN_MS) readAgain().catch(() => undefined);
    return known;
  };

  return {
    known: () => known,
    current,
    currentOrKnown: async () => {
      if (system.monotonicMs() - failedAt < ASK_AGAIN_MS) return known;
      // A store that is down keeps nobody from the bus: the switch known last stands (decision 23). And where the store
      // hangs, a publish still has the store's own deadline before it.
      const now = current();
      if (!(now instanceof Promise)) return now;
      const asked = now.catch(() => known);
      const patienceMs = Number.isFinite(readAt) ? PATIENCE_MS : FIRST_PATIENCE_MS;
      return await Promise.race([asked, pause(patienceMs, undefined, { ref: false }).then(() => known)]);
    },
    readAgain,
    learn,
  };
}
