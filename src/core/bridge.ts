/**
 * The bridge as it is seen from outside: where it reads, what it has counted, and what it tells. In core, because the
 * command that shows it may not import the bus.
 */
import type { ErrorSummary } from "./errors.ts";

/** The place that a bridge reads from. */
export interface BridgeOrigin {
  readonly kind: "list" | "channel";
  readonly name: string;
  readonly type: string;
}

export interface SourceStanding {
  /** Messages that were taken and are neither removed nor buried. */
  readonly waiting: number;
  /** Messages that were heard and had to be let go, because too many were waiting; 0 for a list, which keeps them. */
  readonly dropped: number;
  /** The time in ms in which messages may have passed unheard; 0 for a list. */
  readonly disconnectedMs: number;
  /** True while that time is running. */
  readonly isDeaf: boolean;
}

export interface BridgeCounts extends SourceStanding {
  /** All of the others together. */
  readonly received: number;
  /** Handed over to Hookwave, which delivers a repetition once; how many were repetitions is not known here. */
  readonly published: number;
  /** Dropped, because Hookwave itself had written them. */
  readonly own: number;
  /** Never to become events: unreadable, too large, or not what their type promises. */
  readonly refused: number;
}

export type BridgeSide = "source" | "hookwave";

export type BridgeNews =
  | {
      readonly kind: "refused";
      /** SHA-256 of the message, in hex. */
      readonly digest: string;
      readonly bytes: number;
      readonly problem: string;
    }
  | { readonly kind: "trouble"; readonly side: BridgeSide; readonly error: ErrorSummary }
  | { readonly kind: "recovered"; readonly side: BridgeSide };
