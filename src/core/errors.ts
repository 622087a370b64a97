/**
 * Our own failures, each with a stable code and the three things a person needs: what was expected,
 * what came, what to do. A receiver's failure is never one of these: that is an Outcome.
 * docs/errors.md documents every code; a test proves the two lists equal.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: "An environment variable or option has a value that cannot work.",
  EVENT_INVALID: "An event (or its data) does not have the shape its type promises.",
  EVENT_TOO_LARGE: "An event's data is larger than the limit.",
  ENDPOINT_INVALID: "An endpoint's URL, headers, secrets or settings cannot be accepted.",
  ENDPOINT_UNKNOWN: "No endpoint has this id.",
  TEST_RUNNING: "A test of this endpoint is under way.",
  ENDPOINT_CONFLICT: "An endpoint has this id already.",
  EVENT_UNKNOWN: "No event with this id is remembered.",
  EVENT_CONFLICT: "Another event was published under this id.",
  DELIVERY_UNKNOWN: "No delivery has this id.",
  DELIVERY_SETTLED: "The delivery is in a state in which this cannot be done.",
  DEAD_LETTER_UNKNOWN: "No dead letter has this id.",
  PURGE_UNCONFIRMED: "The dead letters that would be removed are not as many as was confirmed.",
  REPLAY_UNKNOWN: "No replay has this id.",
  REPLAY_INVALID: "A replay cannot be run, or changed, as asked.",
  SOURCE_UNKNOWN: "No source of callbacks has this id.",
  SOURCE_CONFLICT: "A source of callbacks has this id already.",
  SOURCE_INVALID: "A source's id, profile, secrets or options cannot be accepted.",
  CALLBACK_UNKNOWN: "No callback has this id, or its time is over.",
  CALLBACK_REFUSED: "The signature of a callback is not valid, and its source rejects such ones.",
  KEY_UNKNOWN: "No API key has this id.",
  CURSOR_INVALID: "A list's cursor is none that the list has given out.",
  API_UNAVAILABLE: "Where the service's API should be, nothing answers, or something else does.",
  REDIS_UNAVAILABLE: "Redis did not acknowledge in time, or refused; the write may or may not have happened.",
  DURABILITY_UNMET: "Redis has the event, but not as safely as was asked.",
  BUS_UNAVAILABLE: "The legacy bus did not take an event that has to be on it.",
  MIGRATION_REFUSED: "The phase cannot be changed like this.",
  REDIS_UNSAFE: "Redis is configured in a way that loses data.",
  DATA_NEWER: "Redis holds what a newer version of Hookwave has written.",
  SHARDS_MISMATCH: "The installation is divided into another number of shards.",
  REDIS_MISSING: "No Redis to talk to, and none could be started.",
  SECRET_UNREADABLE: "A stored secret cannot be opened with the current encryption key.",
  ENCRYPTION_KEY_MISMATCH:
    "An endpoint would be sealed with another encryption key than those that are there.",
  JOB_LOST: "A worker no longer has the job whose deliveries it was to send.",
  RESOURCES_EXHAUSTED: "This machine has no files, ports or memory left for another connection.",
  RESOLVER_UNAVAILABLE: "The name of a receiver cannot be looked up at present, through no fault of its own.",
  PROXY_UNAVAILABLE:
    "The proxy that leads to all receivers cannot be reached, or does not let this service in.",
  BRIDGE_LOOP: "A bridge would read what Hookwave itself writes onto the bus.",
  LIST_IN_USE: "Another consumer still takes from the list that a bridge is to have alone.",
  CLOSED: "The publisher or service has been closed.",
  USAGE: "The command line could not be understood.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface Complaint {
  readonly expected: string;
  readonly got: string;
  readonly remedy: string;
}

/** One of several things that are wrong, and with which field of what was asked. */
export interface FieldProblem {
  readonly field: string;
  /** "expected …, got …" */
  readonly problem: string;
}

export class HookwaveError extends Error {
  readonly code: ErrorCode;
  readonly expected: string;
  readonly got: string;
  readonly remedy: string;
  /** All problems one by one, where they are known so exactly; `got` says them, too. */
  readonly problems: readonly FieldProblem[];

  constructor(
    code: ErrorCode,
    complaint: Complaint,
    options?: { readonly cause?: unknown; readonly problems?: readonly FieldProblem[] },
  ) {
    super(`expected ${complaint.expected}, got ${complaint.got}; ${complaint.remedy}`, options);
    this.name = "HookwaveError";
    this.code = code;
    this.expected = complaint.expected;
    this.got = complaint.got;
    this.remedy = complaint.remedy;
    this.problems = options?.problems ?? [];
  }
}

/** The part of any thrown value that may be logged: ioredis puts whole payloads on its errors (trap 14). */
export interface ErrorSummary {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
}

export function summarise(error: unknown): ErrorSummary {
  if (!(error instanceof Error))
    return { name: typeof error, message: "a value that is no Error", code: null };
  return { name: error.name, message: error.message.slice(0, 500), code: codeOf(error) };
}

/** The code that Node and most libraries put on their errors; null where there is none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Did Redis find something else under a key than was looked for? Then no waiting helps, and no reconnecting. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.includes("WRONGTYPE");
}
