/**
 * Grades for a receiver's answers, and what to do about them. Pure: from an outcome to a grade with advice. It is as
 * strict as the sender will be, and no stricter.
 */
import type { Outcome, UnreachableReason } from "../../core/outcome.ts";

export interface Grade {
  readonly grade: "pass" | "warn" | "fail";
  /** Null when there is nothing to do. */
  readonly advice: string | null;
}

const PASS: Grade = { grade: "pass", advice: null };
const warn = (advice: string): Grade => ({ grade: "warn", advice });
const fail = (advice: string): Grade => ({ grade: "fail", advice });

const SLOW_MS = 1_000;
const TOO_SLOW_MS = 5_000;

/** For a request that has to be accepted. */
export function gradeAcceptance(outcome: Outcome): Grade {
  switch (outcome.kind) {
    case "delivered":
      return PASS;
    case "refused":
      return fail(REFUSED_WRONGLY.find(([statuses]) => statuses.includes(outcome.status))?.[1] ?? FAILED);
    default:
      return gradeSilence(outcome);
  }
}

/** For a request that has to be refused; `danger` says what it means if it is not. */
export function gradeRefusal(outcome: Outcome, danger: string): Grade {
  switch (outcome.kind) {
    case "delivered":
      return fail(danger);
    case "refused":
      if ([400, 401, 403].includes(outcome.status)) return PASS;
      return outcome.status === 410 ? fail(GONE) : warn(REFUSED_STRANGELY);
    default:
      return gradeSilence(outcome);
  }
}

/** For the second copy of an event that was accepted. */
export function gradeCopy(outcome: Outcome): Grade {
  return outcome.kind === "refused" ? fail(COPY_REFUSED) : gradeAcceptance(outcome);
}

/** For the slowest of the answers that accepted something. */
export function gradeTime(slowestMs: number): Grade {
  if (slowestMs > TOO_SLOW_MS) return fail(`answer first and work later: ${TIMEOUT_LOOMS}`);
  return slowestMs > SLOW_MS ? warn("store the event, answer, and do the work afterwards") : PASS;
}

const TIMEOUT_LOOMS = "the sender's patience of 15 s is nearly spent, and a timeout is a failed attempt";
const GONE = "410 makes the sender switch the endpoint off";
const FAILED = "it failed: its own log says why; the sender would try again";
const REFUSED_STRANGELY =
  "answer 401 to what is not authentic: a 5xx counts as the receiver's own failure, and is retried";
const COPY_REFUSED =
  "answer 2xx to an event that was handled: a sender repeats it after a lost answer, until it is accepted";

const REFUSED_WRONGLY: readonly (readonly [statuses: readonly number[], advice: string])[] = [
  [
    [401, 403],
    "it refuses what is rightly signed: compare secret and profile, and verify the raw bytes; `hookwave listen --forward-to` shows what it gets",
  ],
  [[404, 405], "nothing takes a POST there: correct the URL, or the route"],
  [[410], GONE],
  [[413], "take bodies of up to 1 MiB: an event's data may have 256 KiB"],
  [[429], "let it take more at a time: the sender slows down for a 429, but the event waits"],
  [[300, 301, 302, 303, 304, 307, 308], "redirects are never followed: give the sender the URL itself"],
  [[400, 415, 422], "answer 2xx to every authentic event, also to a type or a field that it does not know"],
];

const gradeSilence = (outcome: Exclude<Outcome, { readonly kind: "delivered" | "refused" }>): Grade =>
  fail(outcome.kind === "blocked" ? BLOCKED : UNREACHABLE[outcome.reason]);

const BLOCKED = "the name leads to an address that is not public: ALLOW_PRIVATE_NETWORKS opens a network";
const UNREACHABLE: Readonly<Record<UnreachableReason, string>> = {
  dns: "the name has no address: correct it",
  connect: "nothing listens there: start the receiver, or correct the port",
  tls: "its certificate or its TLS is refused: the log of the receiver, or openssl s_client, says why",
  timeout: "answer within 15 s, in all: verify, store the event, answer, and do the work afterwards",
  reset: "it ends the connection without an answer: its own log may say why",
  protocol: "it answers something that is no HTTP: check the scheme and the port",
};
