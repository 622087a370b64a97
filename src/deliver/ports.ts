/**
 * Needs of delivering, owned here by the consumer, and at the end how a worker has it done. app.ts plugs in the
 * store, the queue and the telemetry.
 */
import type { FinishedAttempt } from "../core/attempt.ts";
import type { EndpointId, EventId, Origin } from "../core/brand.ts";
import type { AcceptedKey, Claim, DeadLetter, Delivery, DeliveryState, Round } from "../core/delivery.ts";
import type { Endpoint, RateLimit } from "../core/endpoint.ts";
import type { EventsBatch } from "../core/event.ts";
import type { JobInWork } from "../core/job-lease.ts";
import type { BreakerId } from "../core/origin.ts";
import type { BlockedReason, Outcome, UnreachableReason } from "../core/outcome.ts";
import type { ReadDelivery } from "../core/stored.ts";
import type { TraceContext } from "../core/trace-context.ts";
import type { BuryReason } from "../core/verdict.ts";
import type { FindEndpoint } from "../endpoints/destinations.ts";
import type { ClosedNetwork } from "./address-guard.ts";

export interface EndpointDirectory extends FindEndpoint {
  /** With those that were disabled only after the event was accepted (epoch ms): it is owed to them, too. */
  readonly subscribedTo: (eventType: string, acceptedAt: number) => readonly Endpoint[];
  /** Reads one from where all processes have it: what is looked up is from this one's memory. */
  readonly reload: (id: EndpointId) => Promise<void>;
  /** False, and nothing is done, when it is disabled already or has become another receiver by now. */
  readonly disable: (endpoint: Endpoint, because: string) => Promise<boolean>;
}

export interface EventLedger {
  /** Claims each event for the batch's holder; the answers are in the order of the events. */
  readonly claim: (batch: EventsBatch) => Promise<readonly Claim[]>;
  readonly stateOf: (delivery: AcceptedKey) => Promise<DeliveryState | null>;
  /** The same of many, in their order. */
  readonly statesOf: (deliveries: readonly AcceptedKey[]) => Promise<readonly (DeliveryState | null)[]>;
}

/** Resolves once the attempt is written; keeps trying until it is. */
export type RecordAttempt = (finished: FinishedAttempt) => Promise<void>;

/** The breakers' truth that a whole fleet shares. */
export interface SharedBreaker {
  /** Epoch ms of the next probe while it is open; null while it is closed. */
  readonly openUntil: (id: BreakerId) => number | null;
  readonly open: (id: BreakerId, untilMs: number) => Promise<void>;
  readonly close: (id: BreakerId) => Promise<void>;
  /** True for the one worker that may probe now; the lease lasts `leaseMs`. */
  readonly leaseProbe: (id: BreakerId, leaseMs: number) => Promise<boolean>;
}

/** The start of an attempt: in so many ms, few enough to wait for them; or the delivery is to be held for so many. */
export interface Turn {
  readonly kind: "begin" | "hold";
  readonly inMs: number;
}

/** The rate of an endpoint that has a limit, kept by the whole fleet together. */
export interface FleetRate {
  /** `hasWaited`: it comes back from a hold, and so goes before what is new. */
  readonly enter: (id: EndpointId, limit: RateLimit, hasWaited: boolean) => Promise<Turn>;
}

export interface OutgoingRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Deadline over the whole exchange, in ms. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly kind: "answered";
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The `webhook-delivery` response header. */
  readonly instruction: string | undefined;
  /** The first part of the response body, at most 16 KiB. */
  readonly excerpt: string;
}

export type Exchange =
  | Answer
  | { readonly kind: "failed"; readonly reason: UnreachableReason }
  | { readonly kind: "blocked"; readonly reason: BlockedReason };

export interface Transport {
  /**
   * POSTs once; a receiver's failure is a value. Rejects with CLOSED only when we ourselves have closed it, and with
   * RESOURCES_EXHAUSTED when this machine has nothing left to connect with.
   */
  readonly post: (request: OutgoingRequest) => Promise<Exchange>;
  /** Epoch ms of the end of the certificate that was seen there last; undefined where none was. */
  readonly certificateEnd: (origin: Origin) => number | undefined;
  /** Waits for what is open, which has its deadlines. */
  readonly close: () => Promise<void>;
  /** Lets go at once: what is open rejects with CLOSED, so that nobody takes it for the receiver's doing. */
  readonly abandon: () => Promise<void>;
}

/** An attempt as a trace shows it. */
export interface AttemptSpan {
  /** Its own place, for the receiver and for later attempts. */
  readonly context: TraceContext;
  /** Posts so that no instrumentation of HTTP clients adds a span, or headers, of its own. */
  readonly within: <Answer>(post: () => Promise<Answer>) => Promise<Answer>;
  /** Null where a failure of our own kept it from any. */
  readonly end: (outcome: Outcome | null) => void;
}

/** Null where it could not be begun: an attempt does not depend on it. */
export type BeginAttempt = (delivery: Delivery, endpoint: Endpoint) => AttemptSpan | null;

/** Durations of the parts of an inspected exchange, in ms; null for a part that was not needed or not reached. */
export interface Timings {
  /** Null for a literal address. */
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  /** Null for plain http. */
  readonly tlsMs: number | null;
  /** From the open connection to the first byte of an answer. */
  readonly firstByteMs: number | null;
  readonly totalMs: number;
}

/** One exchange, looked at closely. */
export interface InspectedExchange {
  readonly exchange: Exchange;
  readonly timings: Timings;
  /** Of the answer, at most 16 KiB in all; empty without one. */
  readonly headers: Readonly<Record<string, string>>;
  /** The reason for no answer: a code such as ECONNREFUSED, or what is wrong with the URL or the answer; never an address. */
  readonly detail: string | null;
  /** Of a destination that was refused: the network that it lies in. For admins only. */
  readonly closedNetwork: ClosedNetwork | null;
}

export interface Inspector {
  /** POSTs once over a connection of its own; rejects as a transport does. */
  readonly send: (request: OutgoingRequest) => Promise<InspectedExchange>;
  /** Lets go at once: what is open rejects with CLOSED. */
  readonly abandon: () => Promise<void>;
}

/** Deliveries that wait for another attempt; kept for people to see. */
export interface WaitingIndex {
  /**
   * Of one that nothing has been tried of in its round, the event's record says from now on that it is held. One that has
   * come to its end meanwhile is not added.
   */
  readonly add: (delivery: Delivery) => Promise<void>;
  /** Does nothing where a later round of it waits. */
  readonly remove: (delivery: Round) => Promise<void>;
}

/**
 * Deliveries that cannot go now, in one line for each endpoint. None of them is a job meanwhile, or has anything that
 * others need: whoever has the lease of a line that is due takes from it what the endpoint can take.
 */
export interface Parking {
  /** Its line is due in so many ms at the latest; doing it twice does it once. People see it as one that waits. */
  readonly park: (delivery: Delivery, inMs: number) => Promise<void>;
  /** Takes leases of lines that are due and in nobody's work. */
  readonly takeDue: (most: number, leaseMs: number) => Promise<readonly EndpointId[]>;
  /** Answers with those that are ours no more. */
  readonly renew: (ids: readonly EndpointId[], leaseMs: number) => Promise<readonly EndpointId[]>;
  /** Gives a lease back; what is left in the line is due in so many ms. */
  readonly release: (id: EndpointId, inMs: number) => Promise<void>;
  /** The first of a line, those held longest first, without those whose names are known. That is a start of each, unless
   * it is a suspect: one that was in work at `SUSPECT_CRASHES` of its worker. */
  readonly take: (
    id: EndpointId,
    most: number,
    known: ReadonlySet<string>,
  ) => Promise<readonly ParkedDelivery[]>;
  /** A start of a suspect. */
  readonly begin: (id: EndpointId, name: string) => Promise<void>;
  readonly end: (id: EndpointId, ended: readonly EndedTurn[]) => Promise<void>;
}

export interface ParkedDelivery {
  readonly name: string;
  /** Epoch ms. */
  readonly heldSince: number;
  readonly text: string;
  readonly read: ReadDelivery;
  /** Earlier starts of it whose worker has not lived to tell what became of it. */
  readonly crashes: number;
}

/** A start of a parked delivery that has come to its end: it is over, goes on in a job, or stays in its line. */
export interface EndedTurn {
  readonly name: string;
  readonly goesTo: "nowhere" | "job" | "line";
}

/** The legacy bus while a service migrates from it (docs/migration.md). */
export interface Bus {
  /**
   * Asked once per batch, when it has been claimed and nothing has been sent. Throws for a failure of our own: then the
   * batch runs again.
   */
  readonly announce: (batch: EventsBatch, claims: readonly Claim[]) => Promise<Passage>;
}

/** The way of a batch past the bus. */
export interface Passage {
  /** Events whose deliveries do not begin now. */
  readonly withheld: ReadonlySet<EventId>;
  /** To be called when all that may begin has been settled or scheduled, while the batch's job still stands for it. */
  readonly conclude: () => Promise<void>;
  /** To be called instead when the batch is to run again. */
  readonly abandon: () => void;
}

/** Keeps a delivery for another attempt in so many ms; doing it twice does it once. */
export type Postpone = (delivery: Delivery, inMs: number) => Promise<void>;

/** The way out for deliveries that need their own clock, and for those given up. */
export interface Outbox {
  readonly schedule: Postpone;
  /** The same for one that comes from its line, while the job that had parked it may not have ended yet. */
  readonly scheduleFromLine: Postpone;
  /** The event's record says so before the letter is written. What was cancelled or delivered meanwhile gets none. */
  readonly bury: (letter: DeadLetter) => Promise<void>;
}

/**
 * Resolves when every delivery of the batch is settled or scheduled; throws only for a failure of our own. What has not
 * been sent when the lease is lost is not sent, and the failure is JOB_LOST.
 */
export type Dispatch = (batch: EventsBatch, job: JobInWork) => Promise<void>;

/** Keeps a delivery's job for later; rejects with what BullMQ is to be told. */
export type PutJobBack = (delivery: Delivery, inMs: number) => Promise<never>;

/** Each settles what it is given, or puts it off; it throws for a failure of our own, or what `putJobBack` threw. */
export interface Resume {
  /** One attempt, unless what is recorded already settles it. */
  readonly resume: (delivery: Delivery, job: JobInWork, putJobBack: PutJobBack) => Promise<void>;
  /** No further attempt: it is buried, unless it was settled before. */
  readonly giveUp: (delivery: Delivery, because: BuryReason, putJobBack: PutJobBack) => Promise<void>;
}
