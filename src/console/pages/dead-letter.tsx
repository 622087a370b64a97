/** One dead letter: the bytes that were published, each attempt of its last round and what its receiver answered. */
import { useLocation, useRoute } from "preact-iso/router";
import type { ShownWholeLetter } from "../../api/letter-fields.ts";
import type { AnsweredAttempt } from "../../api/shown-delivery.ts";
import { memberTexts } from "../../core/json-text.ts";
import { Act } from "../act.tsx";
import { Shown, useAsked } from "../answers.tsx";
import { ask, askText } from "../api.ts";
import { CopyButton } from "../copy-button.tsx";
import { Fact } from "../facts.tsx";
import { JsonView } from "../json-view.tsx";
import { api, page, withQuery } from "../places.ts";
import { Id, State, Time } from "../words.tsx";

interface Letter extends ShownWholeLetter {
  /** The data as it was published, to the byte. */
  readonly dataText: string;
}

async function readLetter(id: string, signal: AbortSignal): Promise<Letter> {
  const text = await askText(api("dead-letters", id), { signal });
  const letter: ShownWholeLetter = JSON.parse(text);
  return { ...letter, dataText: memberTexts(text).get("data") ?? "null" };
}

export function OneDeadLetter() {
  const { params } = useRoute();
  const id = decodeURIComponent(params["id"] ?? "");
  const asked = useAsked(id, (signal) => readLetter(id, signal));
  return (
    <>
      <div class="head">
        <h1>
          Dead letter <span class="id">{id}</span>
        </h1>
        <CopyButton text={id} what="the dead letter's id" />
        {asked.value !== null && <Acts letter={asked.value} />}
      </div>
      <Shown asked={asked} what="the dead letter">
        {(letter) => (
          <>
            <Facts letter={letter} />
            {letter.job === null ? (
              <>
                <Attempts attempts={letter.attempts} />
                <JsonView text={letter.dataText} what="data" />
              </>
            ) : (
              <>
                <p class="banner">{letter.job.problem}</p>
                <JsonView text={letter.job.text} what={`job ${letter.job.id}`} />
              </>
            )}
          </>
        )}
      </Shown>
    </>
  );
}

function Acts({ letter: { id, event_id: event, endpoint_id: endpoint } }: { readonly letter: Letter }) {
  const { route } = useLocation();
  return (
    <div class="acts">
      <Act
        needs="admin"
        label="Send again"
        shortcut="r"
        confirm="Send it again from its first attempt on? The receiver gets the same webhook-id."
        run={async () => {
          const { delivery_id: delivery } = await ask<{ delivery_id: string | null }>(
            api("dead-letters", id, "replay"),
            { method: "POST" },
          );
          route(delivery === null ? page("dead-letters") : page("deliveries", delivery));
          return event === null ? "The job goes again" : `${event} goes to ${endpoint} again`;
        }}
      />
      <Act
        needs="admin"
        label="Remove for good"
        isDangerous
        confirm="Remove it with its data? Nothing brings it back."
        run={async () => {
          await ask(api("dead-letters", id), { method: "DELETE" });
          route(page("dead-letters"));
          return "Removed for good";
        }}
      />
    </div>
  );
}

function Facts({ letter }: { readonly letter: Letter }) {
  const { event_id: event, endpoint_id: endpoint, event_type: type, reason, buried_at: at, round } = letter;
  return (
    <dl class="facts card">
      <Fact name="Given up because">
        <State word="buried" text={reason} />
      </Fact>
      <Fact name="Buried">
        <Time at={at} />
      </Fact>
      {event !== null && (
        <Fact name="Event">
          <Id id={event} href={page("events", event)} />
        </Fact>
      )}
      {endpoint !== null && (
        <Fact name="Endpoint">
          <Id id={endpoint} href={page("webhooks", endpoint)} />
        </Fact>
      )}
      {type !== null && (
        <Fact name="Type">
          <a href={withQuery(page("dead-letters"), { type })}>{type}</a>
        </Fact>
      )}
      {round !== null && round > 0 && <Fact name="Sent again before">{round} times</Fact>}
    </dl>
  );
}

function Attempts({ attempts }: { readonly attempts: readonly AnsweredAttempt[] }) {
  return (
    <section class="card" aria-label="Attempts">
      <h2>Attempts</h2>
      {attempts.length === 0 && <p class="muted">None was made.</p>}
      <ul class="plain lines">
        {attempts.map((attempt) => (
          <li key={attempt.attempt_number}>
            <span class="muted">{attempt.attempt_number}</span>
            <State word={attempt.outcome} />
            <span>{attempt.status === null ? (attempt.reason ?? "") : `HTTP ${attempt.status}`}</span>
            <span class="muted">
              <Time at={attempt.started_at} /> · {Math.round(attempt.duration_ms)} ms
            </span>
            {attempt.response_excerpt && <pre class="excerpt">{attempt.response_excerpt}</pre>}
          </li>
        ))}
      </ul>
    </section>
  );
}
