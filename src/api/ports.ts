/**
 * What the HTTP API needs from the rest of the house. Owned here, by the consumer; the Hookwave of app.ts and a
 * pino logger fit as they are.
 */
import type { DestinationRequest } from "../core/destination.ts";
import type { Durability } from "../core/durability.ts";
import type { BreakerState } from "../core/happening.ts";

/** An event whose data is JSON text, cut out of the request as it stands. */
export interface TextEvent {
  readonly type: string;
  readonly dataText: string;
  readonly id?: string;
  readonly timestamp?: string;
  readonly destinations?: readonly DestinationRequest[];
}

export interface EndpointStatus {
  readonly id: string;
  readonly url: string;
  readonly isActive: boolean;
  readonly breaker: BreakerState;
  readonly lastSuccessAt: string | null;
  readonly failingSince: string | null;
  readonly waiting: number;
  readonly oldestAgeMs: number;
}

export interface ApiHookwave {
  /** Resolves with the ids, in order, once every event is stored; rejects with a coded error. */
  readonly publishMany: (
    events: readonly TextEvent[],
    options: { readonly durability?: Durability },
  ) => Promise<readonly { readonly id: string }[]>;
  /** Settles within a second, also when Redis does not answer. */
  readonly isRedisReachable: () => Promise<boolean>;
  readonly isConsuming: () => boolean;
  readonly health: () => Promise<readonly EndpointStatus[]>;
  readonly metrics: { readonly expose: () => Promise<string>; readonly contentType: string };
}

type Log = (fields: object, message: string) => void;

export interface ApiLogger {
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
}

export interface ApiDeps {
  readonly hookwave: ApiHookwave;
  readonly logger: ApiLogger;
  /** Whether this process is meant to deliver; false in the role `api`. */
  readonly delivers: boolean;
}
