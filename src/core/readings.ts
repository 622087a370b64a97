/** Readings of what a fleet shares, as they are taken for one scrape of the metrics. */
import type { EndpointId } from "./brand.ts";
import type { HoldReason } from "./outcome.ts";

/** An endpoint in trouble: what waits for it, and for how long. */
export interface EndpointReading {
  readonly endpointId: EndpointId;
  /** Deliveries booked for another attempt. */
  readonly retrying: number;
  /** Deliveries held back without an attempt. */
  readonly held: number;
  /** The reason why those that are held cannot go now. */
  readonly heldBecause: HoldReason;
  /** Ms since the oldest of them all was accepted; 0 while there is none. */
  readonly oldestOwedMs: number;
  /** Ms since the first failure after the last success; 0 while it delivers. */
  readonly failingMs: number;
}

/** The certificate that an endpoint's receiver showed last. */
export interface CertificateReading {
  readonly endpointId: EndpointId;
  /** Negative once it has ended. */
  readonly endsInMs: number;
}

export interface RedisReading {
  readonly memoryBytes: number;
  /** 0: as much as the machine has. */
  readonly memoryMaxBytes: number;
  /** False for any policy but noeviction: it throws accepted events away when memory is short. */
  readonly evictsNothing: boolean;
  /** False while it cannot write its append-only file, or could not rewrite it. */
  readonly isAofWell: boolean;
  /** The lead of this machine's clock over Redis'; null when the answer took too long to tell. */
  readonly skewMs: number | null;
}

/** Workers that were heard of lately, by their version. */
export type WorkersPresent = ReadonlyMap<string, number>;
