/**
 * A row of the fault matrix: what is done to Hookwave and what it promises meanwhile. It tells its own story in
 * `run`; the ledger's promises (nothing lost, duplicates within what was in flight) are judged for every row.
 */
import type { BuryReason } from "../../../src/core/verdict.ts";
import type { Scene } from "./scene.ts";

export interface Row {
  /** As the fault matrix counts; other scenarios have names only. */
  readonly number: number;
  readonly fault: string;
  /** From the fault, or its end, to what the row calls recovered. */
  readonly recoveryWithinMs?: number;
  /** It measures time or throughput: nothing else may run beside it. */
  readonly isAlone?: boolean;
  /** The defect it plants in its workers to bring its fault about (see defects.ts). */
  readonly defect?: string;
  /** The only reasons for which deliveries may end as dead letters; none where it says nothing. */
  readonly buries?: readonly BuryReason[];
  /** False where there is nothing to accept, and so nothing to lose. */
  readonly accepts?: boolean;
  readonly run: (scene: Scene) => Promise<void>;
}

/** One of a row's own promises, and what was found. */
export interface Check {
  readonly promise: string;
  readonly kept: boolean;
  readonly found: string;
}

export interface RowReport {
  readonly number: number;
  readonly fault: string;
  readonly seed: number;
  readonly acknowledged: number;
  /** Event and endpoint of each delivery that was acknowledged and is nowhere. */
  readonly lost: readonly string[];
  readonly duplicates: number;
  readonly duplicatesAllowed: number;
  readonly recoveryMs: number | null;
  readonly recoveryWithinMs: number | null;
  readonly checks: readonly Check[];
  /** The reason it did not run to its end; null when it did. */
  readonly failure: string | null;
  readonly seconds: number;
  /** Of which this is the last. */
  readonly tries: number;
  readonly kept: boolean;
}

/** It came to its end, nothing is lost, and nothing was sent twice without need. */
export function isWhole({
  duplicates,
  duplicatesAllowed,
  lost,
  failure,
}: Pick<RowReport, "duplicates" | "duplicatesAllowed" | "lost" | "failure">): boolean {
  return failure === null && lost.length === 0 && duplicates <= duplicatesAllowed;
}

/** In time, where it is to recover. */
export function isRecovered({
  recoveryMs,
  recoveryWithinMs,
}: Pick<RowReport, "recoveryMs" | "recoveryWithinMs">): boolean {
  return recoveryWithinMs === null || (recoveryMs !== null && recoveryMs <= recoveryWithinMs);
}
