/**
 * The attempts of a delivery's round in their order, with the waits between them drawn to one scale. The bars are decoration: all
 * that they show stands beside them in words.
 */
import type { AnsweredAttempt, WholeDeliveryInJson } from "../api/shown-delivery.ts";
import { roughSpan } from "../core/duration.ts";
import { second } from "./clock.ts";
import { isWaiting, stepsOf, type Wait } from "./waits.ts";
import { count, Hidden, State, Time } from "./words.tsx";

const TEN_SECONDS_MS = 10_000;

const exactSpan = (spanMs: number): string =>
  spanMs < TEN_SECONDS_MS ? `${count(Math.round(spanMs))} ms` : roughSpan(spanMs);

export function Timeline({ delivery }: { readonly delivery: WholeDeliveryInJson }) {
  const nowMs = second.value;
  const steps = stepsOf(delivery, nowMs);
  const last = delivery.attempts.at(-1);
  const longestMs = Math.max(0, ...steps.map((step) => (step.kind === "wait" ? (step.spanMs ?? 0) : 0)));
  return (
    <section class="card">
      <h2>Attempts {delivery.round > 0 && `of round ${delivery.round + 1}`}</h2>
      {steps.length === 0 && <p class="muted">None yet in this round.</p>}
      <ol class="timeline">
        {steps.map((step, at) =>
          step.kind === "attempt" ? (
            <AttemptLine key={at} attempt={step.attempt} isLast={step.attempt === last} />
          ) : (
            <WaitLine
              key={at}
              wait={step}
              nowMs={nowMs}
              isComing={at === steps.length - 1 && isWaiting(delivery)}
            />
          ),
        )}
        <End delivery={delivery} />
      </ol>
      {delivery.payload_hidden === true && <Hidden what="Answers of receivers are" />}
      {longestMs > 0 && (
        <p class="muted">Waits are drawn to scale: the longest bar is {roughSpan(longestMs)}.</p>
      )}
    </section>
  );
}

function AttemptLine({ attempt, isLast }: { readonly attempt: AnsweredAttempt; readonly isLast: boolean }) {
  const { attempt_number: number, started_at: at, duration_ms: ms, outcome, status, reason } = attempt;
  const { response_excerpt: excerpt } = attempt;
  return (
    <li class={`attempt was-${outcome}`}>
      <strong>Attempt {number}</strong> <State word={outcome} />{" "}
      <span class="answer">{status ?? reason}</span>
      <span class="muted">
        {" "}
        <Time at={at} />, took {exactSpan(ms)}
      </span>
      {excerpt !== null && excerpt !== "" && (
        <details open={isLast}>
          <summary>What the receiver said</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre class="excerpt" tabIndex={0}>
            {excerpt}
          </pre>
        </details>
      )}
    </li>
  );
}

function WaitLine({
  wait: { spanMs, share, passed, until },
  nowMs,
  isComing,
}: {
  readonly wait: Wait;
  readonly nowMs: number;
  readonly isComing: boolean;
}) {
  const leftMs = until === null ? 0 : Date.parse(until) - nowMs;
  const text = (): string => {
    if (!isComing) return `waited ${roughSpan(spanMs ?? 0)}`;
    if (leftMs <= 0) return "the next attempt is due, or under way";
    return `next attempt in ${roughSpan(leftMs)}, after a wait of ${roughSpan(spanMs ?? 0)}`;
  };
  return (
    <li class="wait">
      <span>{text()}</span>
      <span class="bar" aria-hidden="true" style={{ "--share": String(share), "--passed": String(passed) }} />
    </li>
  );
}

function End({ delivery: { status, reason } }: { readonly delivery: WholeDeliveryInJson }) {
  if (status === "buried")
    return (
      <li class="end was-buried">
        Given up: <code>{reason}</code>
      </li>
    );
  return status === "cancelled" ? <li class="end was-cancelled">Cancelled by a person</li> : null;
}
