/**
 * How many POSTs may be open to one endpoint. Each endpoint has a lane: a cap that shrinks when the receiver
 * says it is overloaded and grows back with every success, and a short line of deliveries waiting their turn.
 * A delivery never waits long here, because it holds its batch's slot: when the line moves too slowly it is
 * held instead, each at the moment the endpoint's own pace will have room for it.
 */
import type { EndpointId } from "../core/brand.ts";
import { isDestinationId } from "../core/destination.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Outcome } from "../core/outcome.ts";

export interface Limits {
  /** 0 when admitted (call `leave` afterwards), else how many ms to hold the delivery. */
  readonly enter: (endpoint: Endpoint) => Promise<number> | number;
  /** `durationMs` and `outcome` teach the lane; both are null when nothing was sent. */
  readonly leave: (id: EndpointId, durationMs: number | null, outcome: Outcome | null) => void;
  /** After an outage: one at a time, then a ramp, not a flood. */
  readonly restart: (id: EndpointId) => void;
}

interface Lane {
  most: number;
  cap: number;
  open: number;
  waiting: ((holdMs: number) => void)[];
  typicalMs: number;
  /** When something last left, or entered an empty lane, in monotonic ms. */
  lastMovedAt: number;
  /** The moment up to which held deliveries already fill the endpoint's pace, in monotonic ms. */
  bookedUntil: number;
  stallTimer: NodeJS.Timeout | undefined;
}

/** A line longer than this much work is not joined, and one that does not move for this long is left. */
const PATIENCE_MS = 1_000;
const HOLD_MIN_MS = 500;
const HOLD_MAX_MS = 10 * 60_000;
const TYPICAL_MS_AT_FIRST = 20;
const LEARNING_RATE = 0.1;

export function createLimits(monotonicMs: () => number): Limits {
  const lanes = new Map<EndpointId, Lane>();

  const laneOf = (endpoint: Endpoint): Lane => {
    let lane = lanes.get(endpoint.id);
    if (lane === undefined) {
      lane = newLane(endpoint.maxInFlight, monotonicMs());
      lanes.set(endpoint.id, lane);
    }
    if (lane.most !== endpoint.maxInFlight) {
      lane.most = endpoint.maxInFlight;
      lane.cap = lane.most;
    }
    return lane;
  };

  const hold = (lane: Lane): number => {
    const now = monotonicMs();
    const paceMs =
      Math.max(lane.typicalMs, Math.min(now - lane.lastMovedAt, PATIENCE_MS)) / Math.max(1, lane.cap);
    lane.bookedUntil = Math.max(now + HOLD_MIN_MS, lane.bookedUntil + paceMs);
    return Math.min(lane.bookedUntil - now, HOLD_MAX_MS);
  };

  const watchForStall = (lane: Lane): void => {
    lane.stallTimer ??= setTimeout(() => {
      lane.stallTimer = undefined;
      for (const turnAway of lane.waiting.splice(0)) turnAway(hold(lane));
    }, PATIENCE_MS).unref();
  };

  return {
    enter: (endpoint) => {
      const lane = laneOf(endpoint);
      if (hasRoom(lane)) {
        if (lane.open === 0) lane.lastMovedAt = monotonicMs();
        lane.open += 1;
        return 0;
      }
      if (!isMoving(lane, monotonicMs())) return hold(lane);
      watchForStall(lane);
      return new Promise((resolve) => lane.waiting.push(resolve));
    },
    leave: (id, durationMs, outcome) => {
      const lane = lanes.get(id);
      if (lane === undefined) return;
      lane.open -= 1;
      lane.lastMovedAt = monotonicMs();
      if (durationMs !== null) lane.typicalMs += LEARNING_RATE * (durationMs - lane.typicalMs);
      if (outcome !== null) adaptCap(lane, outcome);
      admitWaiting(lane);
      if (lane.waiting.length > 0) lane.stallTimer?.refresh();
      else stopWatching(lane);
      // Some events bring a URL that is never used again, and its lane would stay for good.
      if (isDestinationId(id) && isIdle(lane, monotonicMs())) lanes.delete(id);
    },
    restart: (id) => {
      const lane = lanes.get(id);
      if (lane !== undefined) lane.cap = 1;
    },
  };
}

function newLane(most: number, now: number): Lane {
  return {
    most,
    cap: most,
    open: 0,
    waiting: [],
    typicalMs: TYPICAL_MS_AT_FIRST,
    lastMovedAt: now,
    bookedUntil: now,
    stallTimer: undefined,
  };
}

const isIdle = (lane: Lane, now: number): boolean =>
  lane.open === 0 && lane.waiting.length === 0 && lane.bookedUntil <= now;

const hasRoom = (lane: Lane): boolean => lane.open < Math.max(1, Math.floor(lane.cap));

function isMoving(lane: Lane, now: number): boolean {
  const lineMs = (lane.waiting.length * lane.typicalMs) / Math.max(1, lane.cap);
  return lineMs <= PATIENCE_MS && now - lane.lastMovedAt <= PATIENCE_MS + lane.typicalMs;
}

/** Halved by overload, one more for every full round of successes: the classic that converges (AIMD). */
function adaptCap(lane: Lane, outcome: Outcome): void {
  if (outcome.kind === "delivered") lane.cap = Math.min(lane.most, lane.cap + 1 / lane.cap);
  else if (isOverload(outcome)) lane.cap = Math.max(1, lane.cap / 2);
}

function isOverload(outcome: Outcome): boolean {
  if (outcome.kind === "unreachable") return outcome.reason === "timeout";
  return outcome.kind === "refused" && (outcome.status === 429 || outcome.status === 503);
}

function admitWaiting(lane: Lane): void {
  while (lane.waiting.length > 0 && hasRoom(lane)) {
    lane.open += 1;
    lane.waiting.shift()?.(0);
  }
}

function stopWatching(lane: Lane): void {
  clearTimeout(lane.stallTimer);
  lane.stallTimer = undefined;
}
