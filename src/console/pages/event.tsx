/** One event: the bytes that were published, and what has become of its deliveries. */

import { useRoute } from "preact-iso/router";
import type { DeliveryInJson } from "../../api/shown-delivery.ts";
import { Act } from "../act.tsx";
import { type Answered, Shown, useAsked } from "../answers.tsx";
import { ask } from "../api.ts";
import { Compared } from "../compared.tsx";
import { CopyButton } from "../copy-button.tsx";
import { EditedCopy } from "../edited-copy.tsx";
import { JsonView } from "../json-view.tsx";
import { readEvent, type ShownEvent } from "../one-event.ts";
import { api, page, withQuery } from "../places.ts";
import { Hidden, Id, plural, State, Time } from "../words.tsx";

const POLL_MS = 5_000;

export function OneEvent() {
  const { params } = useRoute();
  const id = decodeURIComponent(params["id"] ?? "");
  const asked = useAsked(id, (signal) => readEvent(id, signal), POLL_MS);
  return (
    <>
      <div class="head">
        <h1>
          Event <span class="id">{id}</span>
        </h1>
        <CopyButton text={id} what="the event's id" />
        {asked.value !== null && <SendAgain asked={asked} event={asked.value} />}
      </div>
      <Shown asked={asked} what="the event">
        {(event) => (
          <>
            <dl class="facts card">
              <div>
                <dt>Type</dt>
                <dd>
                  <a href={withQuery(page("events"), { type: event.type })}>{event.type}</a>
                </dd>
              </div>
              <div>
                <dt>Published</dt>
                <dd>
                  <Time at={event.timestamp} />
                </dd>
              </div>
              <div>
                <dt>Taken on by a worker</dt>
                <dd>
                  <Time at={event.accepted_at} />
                </dd>
              </div>
            </dl>
            {event.payload_hidden === true ? (
              <Hidden what="Its data are" />
            ) : (
              <JsonView text={event.dataText} what="data" />
            )}
            <OfEvent event={event} />
            {event.payload_hidden !== true && <Compared event={event} />}
          </>
        )}
      </Shown>
    </>
  );
}

function SendAgain({ asked, event }: { readonly asked: Answered<ShownEvent>; readonly event: ShownEvent }) {
  return (
    <div class="acts">
      {event.payload_hidden !== true && <EditedCopy event={event} />}
      <Act
        needs="admin"
        label="Send again"
        shortcut="r"
        confirm={`Send ${event.id} again to all that it was owed to? Receivers get the same webhook-id.`}
        run={async () => {
          const { started, brought_forward: forward } = await ask<{
            started: number;
            brought_forward: number;
          }>(api("events", event.id, "replay"), { method: "POST" });
          asked.again();
          return `${plural(started, "delivery", "deliveries")} begun again, ${forward} brought forward`;
        }}
      />
    </div>
  );
}

function OfEvent({ event }: { readonly event: ShownEvent }) {
  const { data, next } = event.deliveries;
  return (
    <section class="card">
      <h2>Deliveries</h2>
      {data.length === 0 && <p class="muted">None: no endpoint covered its type when it was dispatched.</p>}
      <ul class="plain">
        {data.map((delivery) => (
          <DeliveryLine key={delivery.id} delivery={delivery} />
        ))}
      </ul>
      {next !== null && <a href={withQuery(page("deliveries"), { event: event.id })}>All of them</a>}
      <p>
        <a href={withQuery(page("explain"), { event: event.id })}>Why did somebody not get it?</a>
      </p>
    </section>
  );
}

function DeliveryLine({ delivery }: { readonly delivery: DeliveryInJson }) {
  const { id, event_id: event, endpoint_id: endpoint, status, attempt_count: attempts } = delivery;
  return (
    <li>
      <State word={status} /> <Id id={endpoint} href={page("deliveries", id)} />{" "}
      <span class="muted">{plural(attempts, "attempt")}</span>{" "}
      <a href={withQuery(page("explain"), { event, endpoint })} aria-label={`Why? ${endpoint}`}>
        Why?
      </a>
    </li>
  );
}
