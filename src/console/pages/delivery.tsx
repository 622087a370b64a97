/** One delivery: what was tried and when, what it waits for, and what a person may do about it. It can be watched. */

import { useState } from "preact/hooks";
import { useRoute } from "preact-iso/router";
import type { ExplanationInJson } from "../../api/routes/test-and-explain.ts";
import type { WholeDeliveryInJson } from "../../api/shown-delivery.ts";
import type { ShownWebhook } from "../../api/webhook-fields.ts";
import { isDestinationId } from "../../core/destination.ts";
import { Act } from "../act.tsx";
import { type Answered, Shown, useAsked } from "../answers.tsx";
import { ask } from "../api.ts";
import { CopyButton } from "../copy-button.tsx";
import { Reasons, Would } from "../explanation.tsx";
import { asIfNew, explain, readEvent } from "../one-event.ts";
import { api, page, withQuery } from "../places.ts";
import { SentRequest } from "../sent-request.tsx";
import { Timeline } from "../timeline.tsx";
import { isWaiting } from "../waits.ts";
import { Ago, Hidden, Id, State, Time } from "../words.tsx";

/** Often enough to watch it fail and recover. */
const POLL_MS = 2_000;
const EXPLAIN_AGAIN_MS = 10_000;

export function OneDelivery() {
  const { params } = useRoute();
  const id = decodeURIComponent(params["id"] ?? "");
  const [isOver, setOver] = useState(false);
  const read = async (signal: AbortSignal): Promise<WholeDeliveryInJson> => {
    const delivery = await ask<WholeDeliveryInJson>(api("deliveries", id), { signal });
    setOver(!isWaiting(delivery));
    return delivery;
  };
  const asked = useAsked(id, read, isOver ? null : POLL_MS);
  return (
    <>
      <div class="head">
        <h1>
          Delivery <span class="id">{id}</span>
        </h1>
        <CopyButton text={id} what="the delivery's id" />
        {asked.value !== null && <Acts asked={asked} delivery={asked.value} />}
      </div>
      <Shown asked={asked} what="the delivery">
        {(delivery) => (
          <>
            <Facts delivery={delivery} />
            <Timeline delivery={delivery} />
            <Now delivery={delivery} />
          </>
        )}
      </Shown>
    </>
  );
}

interface OfDelivery {
  readonly delivery: WholeDeliveryInJson;
}

function Acts({ asked, delivery }: OfDelivery & { readonly asked: Answered<WholeDeliveryInJson> }) {
  const { id, event_id: event, endpoint_id: endpoint, status } = delivery;
  const order = async (url: string, done: string): Promise<string> => {
    await ask(url, { method: "POST" });
    asked.again();
    return done;
  };
  if (isWaiting(delivery))
    return (
      <div class="acts">
        <Act
          needs="admin"
          label="Try now"
          shortcut="r"
          confirm={null}
          run={() => order(api("deliveries", id, "retry"), "It is tried now")}
        />
        <Act
          needs="admin"
          label="Cancel"
          isDangerous
          confirm="Try it no more? An attempt that is on its way may still arrive."
          run={() => order(api("deliveries", id, "cancel"), "It is tried no more")}
        />
      </div>
    );
  // One that was given up goes to whom it was owed; one that is over otherwise, to the endpoint of that id now.
  const again =
    status === "buried"
      ? api("deliveries", id, "retry")
      : withQuery(api("events", event, "replay"), { endpoint });
  return (
    <div class="acts">
      <Act
        needs="admin"
        label="Send this event again to this endpoint"
        shortcut="r"
        confirm="Begin a new round of this delivery? The receiver gets the same webhook-id once more."
        run={() => order(again, "A new round has begun")}
      />
    </div>
  );
}

function Facts({ delivery }: OfDelivery) {
  const { status, reason, event_id: event, event_type: type, endpoint_id: endpoint } = delivery;
  const facts = [
    ["Status", <State key="" word={status} text={reason === null ? status : `${status}: ${reason}`} />],
    ["Event", <Id key="" id={event} href={page("events", event)} />],
    ["Type", type],
    ["Endpoint", <Id key="" id={endpoint} href={page("webhooks", endpoint)} />],
    ["Round", delivery.round === 0 ? "1" : `${delivery.round + 1}, sent again ${delivery.round} ×`],
    ["Event taken on", <Time key="" at={delivery.created_at} />],
  ] as const;
  return (
    <dl class="facts card">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {isWaiting(delivery) && (
        <div>
          <dt>Next attempt</dt>
          <dd>{delivery.next_attempt_at === null ? "under way" : <Ago at={delivery.next_attempt_at} />}</dd>
        </div>
      )}
    </dl>
  );
}

interface Circumstances {
  readonly explanation: ExplanationInJson;
  readonly webhook: ShownWebhook | null;
}

/** The endpoint as it is now, and what it would be sent. */
function Now({ delivery }: OfDelivery) {
  const { id, event_id: event, endpoint_id: endpoint, status, round, attempt_count: attempts } = delivery;
  if (isDestinationId(endpoint))
    return (
      <p class="muted">
        It goes to a destination that the event itself named: there is no webhook to look at or to explain.
      </p>
    );
  return (
    <Explained
      key={id}
      of={[event, endpoint, status, round, attempts].join(" ")}
      delivery={delivery}
      everyMs={isWaiting(delivery) ? EXPLAIN_AGAIN_MS : null}
    />
  );
}

/** Null where it cannot be told: of an event whose data are hidden. */
async function readNow(event: string, endpoint: string, signal: AbortSignal): Promise<Circumstances | null> {
  const [whole, webhook] = await Promise.all([
    readEvent(event, signal),
    ask<ShownWebhook>(api("webhooks", endpoint), { signal }),
  ]);
  if (whole.payload_hidden === true) return null;
  const { data } = await explain(whole, { endpoint }, signal);
  const [explanation] = data;
  return explanation === undefined ? null : { explanation: asIfNew(explanation), webhook };
}

function Explained({
  of,
  delivery,
  everyMs,
}: OfDelivery & { readonly of: string; readonly everyMs: number | null }) {
  const { event_id: event, endpoint_id: endpoint } = delivery;
  const asked = useAsked(of, (signal) => readNow(event, endpoint, signal), everyMs);
  return (
    <section class="card">
      <h2>{isWaiting(delivery) ? "Why it waits" : "Its endpoint now"}</h2>
      <Shown asked={asked} what="what its endpoint would get">
        {(found) =>
          found === null ? (
            <Hidden what="A dry run needs the event's data, which are" />
          ) : (
            <>
              <WhyNow delivery={delivery} explanation={found.explanation} />
              {found.explanation.request !== null && (
                <SentRequest request={found.explanation.request} webhook={found.webhook} />
              )}
            </>
          )
        }
      </Shown>
      <p>
        <a href={withQuery(page("explain"), { event, endpoint })}>Why? Explain this event to this endpoint</a>
      </p>
    </section>
  );
}

function WhyNow({ delivery, explanation }: OfDelivery & { readonly explanation: ExplanationInJson }) {
  const { reasons, would_send: would } = explanation;
  if (reasons.length > 0)
    return (
      <>
        {!isWaiting(delivery) && <Would would={would} />}
        <Reasons reasons={reasons} />
      </>
    );
  if (!isWaiting(delivery))
    return (
      <p>
        <Would would={would} /> if it were published again: nothing stands in its way.
      </p>
    );
  return (
    <p>
      {delivery.status === "retrying"
        ? "Its last attempt failed, and its schedule says when the next one is. Nothing else stands in its way."
        : "It waits for its turn in the endpoint's line. Nothing else stands in its way."}
    </p>
  );
}
