/**
 * The checks: what is sent to a receiver, one after the other, and how each answer is graded. It cannot see
 * whether a handler ran twice; it sees what the sender will see.
 */

import { type Endpoint, liveSecrets } from "../../core/endpoint.ts";
import { EVENT_DATA_MAX_BYTES, type PublishedEvent } from "../../core/event.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { System } from "../../core/system.ts";
import type { DirectAnswer, DirectSender } from "../../manage/direct-sender.ts";
import type { Signing } from "../../wire/profile.ts";
import { profiles } from "../../wire/profiles.ts";
import { type SignedRequest, signRequest } from "../../wire/sign.ts";
import { type Grade, gradeAcceptance, gradeCopy, gradeRefusal, gradeTime } from "./grades.ts";
import { sampleEvent } from "./samples.ts";

export interface CheckResult extends Grade {
  readonly check: string;
  /** The answer that came: a status, or why there is none. */
  readonly got: string;
  readonly tookMs: number;
}

/** Beyond every tolerance. */
const STALE_SECONDS = 3_600;

/**
 * A receiver that refuses the valid request is asked nothing more: it would refuse forgeries for no merit of its own.
 */
export async function runChecks(
  { endpoint, post }: DirectSender,
  system: System,
): Promise<readonly CheckResult[]> {
  const accepted: DirectAnswer[] = [];
  const newEvent = (dataBytes?: number): PublishedEvent =>
    sampleEvent(endpoint.profile, system.uuid(), system.now(), dataBytes);
  const signed = signerFor(endpoint, system);
  const ask = async (request: SignedRequest): Promise<DirectAnswer> => {
    const answer = await post(request);
    if (answer.outcome.kind === "delivered") accepted.push(answer);
    return answer;
  };

  const valid = await ask(signed(newEvent()));
  const first = resultOf("a valid request", valid, gradeAcceptance(valid.outcome));
  if (valid.outcome.kind !== "delivered") return [first];

  const refusals: CheckResult[] = [];
  for (const [check, danger, request] of forgeries(endpoint, newEvent(), signed, system)) {
    const answer = await post(request);
    refusals.push(resultOf(check, answer, gradeRefusal(answer.outcome, danger)));
  }
  const event = newEvent();
  const original = await ask(signed(event));
  const copy = original.outcome.kind === "delivered" ? await ask(signed(event)) : original;
  const big = await ask(signed(newEvent(EVENT_DATA_MAX_BYTES)));
  const slowest = accepted.reduce((slow, one) => (one.tookMs > slow.tookMs ? one : slow));
  return [
    first,
    ...refusals,
    resultOf(
      "the same event twice",
      copy,
      copy === original ? gradeAcceptance(copy.outcome) : gradeCopy(copy.outcome),
    ),
    resultOf("256 KiB of data", big, gradeAcceptance(big.outcome)),
    resultOf("the slowest answer", slowest, gradeTime(slowest.tookMs)),
  ];
}

/** Signs as the sender would, but for the changes. */
function signerFor(endpoint: Endpoint, system: System) {
  const { url, profile, profileOptions: options } = endpoint;
  return (event: PublishedEvent, changes: Partial<Signing> = {}): SignedRequest => {
    const timestamp = Math.floor(system.now() / 1_000);
    const secrets = liveSecrets(endpoint, system.now());
    const signing = { secrets, attemptNumber: 1, timestamp, nonce: system.uuid(), url, options, ...changes };
    return signRequest(event, profiles[profile], signing);
  };
}

type Forgery = readonly [check: string, danger: string, request: SignedRequest];

/** Requests that must be refused, each with what it means when it is not. */
function forgeries(
  endpoint: Endpoint,
  event: PublishedEvent,
  signed: ReturnType<typeof signerFor>,
  system: System,
): readonly Forgery[] {
  const good = signed(event);
  const staleAt = Math.floor(system.now() / 1_000) - STALE_SECONDS;
  const stale: Forgery = [
    "one signed an hour ago",
    "it accepts what somebody has recorded and sends again: refuse timestamps more than five minutes old",
    signed(event, { timestamp: staleAt }),
  ];
  return [
    [
      "one signed with another secret",
      "it accepts what anybody has signed: verify the signature with the secret",
      signed(event, { secrets: [system.uuid()] }),
    ],
    [
      "one changed after it was signed",
      "it accepts a body that was not signed: verify the bytes as they arrived, before any parser",
      { ...good, body: `${good.body} ` },
    ],
    [
      "one without a signature",
      "it accepts requests from anybody: refuse what has no signature",
      unsigned(good, endpoint),
    ],
    ...(signsTime(endpoint) ? [stale] : []),
  ];
}

function unsigned({ headers, body }: SignedRequest, { profileOptions }: Endpoint): SignedRequest {
  const isSignature = (name: string): boolean =>
    /signature/i.test(name) || name === profileOptions.signatureHeader;
  return {
    body,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !isSignature(name))),
  };
}

/** The other families' signatures cover no time, so that their receivers cannot tell an old request. */
function signsTime({ profile, profileOptions }: Endpoint): boolean {
  if (profile === "hokusai") return profileOptions.replayProtection;
  if (profile === "hmac") return profileOptions.signedContent !== "body";
  return profile === "standard" || profile === "ai-core" || profile === "stripe";
}

function resultOf(check: string, { outcome, tookMs }: DirectAnswer, grade: Grade): CheckResult {
  return { check, ...grade, got: gotFrom(outcome), tookMs: Math.round(tookMs) };
}

function gotFrom(outcome: Outcome): string {
  if ("status" in outcome) return String(outcome.status);
  return outcome.reason;
}
