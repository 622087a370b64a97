/**
 * The ports of the bridge, the way from the legacy bus into Hookwave: the list or channel that is read, the server it
 * is on, and the publisher. The store meets the first two; app/bridge.ts plugs them together.
 */
import type { SourceStanding } from "../core/bridge.ts";

/** A message as Redis holds it. It is named to its source by itself, not by a copy. */
export type BusMessage = Buffer;

export interface BridgeSource {
  /**
   * At most `max` messages, oldest first; those that were neither removed nor buried come again. Waits up to about
   * `waitMs` for a first one. Rejects while its Redis is away: nothing is lost by that.
   */
  readonly take: (max: number, waitMs: number) => Promise<readonly BusMessage[]>;
  /** Forgets messages that are events now, or never will be. May be repeated. */
  readonly remove: (messages: readonly BusMessage[]) => Promise<void>;
  /** Puts a message that cannot be an event where people look for such; a channel has no such place. */
  readonly bury: (message: BusMessage) => Promise<void>;
  /** From now on `take` gives only what is there already, and waits for nothing. */
  readonly finish: () => void;
  readonly standing: () => SourceStanding;
}

/** A Redis server as it names itself, however its address is spelt. */
export interface ServerIdentity {
  /** Of this process. */
  readonly runId: string;
  /** Shared by a primary and its replicas: what is published on one is heard on all. */
  readonly replicationId: string;
  readonly db: number;
}

/** Other consumers' processing lists of one list: name → something that changes whenever the list does. */
export type LookAtOthers = () => Promise<ReadonlyMap<string, string>>;

/** An event as a message makes it; the bridge adds its type. */
export interface BridgedEvent {
  readonly id: string;
  /** JSON text, byte for byte as in the message. */
  readonly dataText: string;
  /** RFC 3339, where the message says when. */
  readonly timestamp?: string;
}

/** Resolves once the event is stored; rejects as the publisher does. */
export type PublishBridged = (event: BridgedEvent) => Promise<void>;
