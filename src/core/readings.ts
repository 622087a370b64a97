/** Readings of what a fleet shares, as they are taken for one scrape of the metrics. */
import type { EndpointId } from "./brand.ts";
import type { Complaint } from "./errors.ts";
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
  /** Of the time after which it is disabled, as much as its ladder counts: up to 1. */
  readonly disablingRatio: number;
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

/** Redis looked at closely, as a doctor does. */
export interface RedisVitals extends RedisReading {
  readonly product: "Redis" | "Valkey";
  /** The product's own. */
  readonly version: string;
  /** The version of Redis that it is, or is compatible with. */
  readonly redisVersion: string;
  readonly isReplica: boolean;
  /** Replicas that are connected to it. */
  readonly replicas: number;
  /** True while it still reads its files. */
  readonly isLoading: boolean;
  readonly hasAof: boolean;
  /** `always`, `everysec` or `no`; null where it does not tell. */
  readonly fsync: string | null;
  readonly evictionPolicy: string;
  /** False when its last snapshot failed: it may refuse every write until one succeeds. */
  readonly isSnapshotWell: boolean;
  /** Memory of its machine; 0 where it does not tell. */
  readonly machineBytes: number;
  readonly clients: number;
  /** 0 where it does not tell. */
  readonly clientsMax: number;
  /** The reason why it cannot confirm a publish of durability `fsync`; null where it can, or nobody wants it. */
  readonly fsyncProblem: Complaint | null;
  /** Times of a few PINGs, one after the other. */
  readonly pingsMs: readonly number[];
}

/** Jobs that are not as they should be, in the three queues. */
export interface JobsReading {
  /** Jobs in work that were looked at. */
  readonly inWork: number;
  /** Ids of jobs in work that no worker holds: theirs is gone, and another has not taken them over yet. */
  readonly stuck: readonly string[];
  /** Entries that no producer of ours would write, each in words. */
  readonly alien: readonly string[];
  /** Names of queues that somebody has paused. */
  readonly paused: readonly string[];
}

/** An endpoint's outline: all of it that can be read without the key that seals the rest. */
export interface EndpointOutline {
  readonly id: EndpointId;
  readonly url: string;
  readonly isActive: boolean;
  /** Does our key open its secrets? Null where there is no key to try. */
  readonly isOpened: boolean | null;
}

export interface EndpointOutlines {
  /** Oldest first. */
  readonly endpoints: readonly EndpointOutline[];
  /** Ids of those whose records cannot be read: damaged, or written by a newer version. */
  readonly unreadable: readonly EndpointId[];
}

/** Workers that were heard of lately, by their version. */
export type WorkersPresent = ReadonlyMap<string, number>;
