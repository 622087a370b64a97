/**
 * The dry run of an event, of one that is on record or of one that is typed in: who would get it, who would not and why. Nothing
 * is sent by it.
 */

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { ExplanationInJson } from "../../api/routes/test-and-explain.ts";
import type { DeliveryInJson } from "../../api/shown-delivery.ts";
import type { ShownWebhook } from "../../api/webhook-fields.ts";
import { Empty, Refused, Shown, useAnswer, useAsked, useList, Waiting } from "../answers.tsx";
import { ask } from "../api.ts";
import { Reasons, Would } from "../explanation.tsx";
import { asIfNew, eventBody, readEvent, type ShownEvent } from "../one-event.ts";
import { api, page, withQuery } from "../places.ts";
import { Hidden, Id, State, Time } from "../words.tsx";

interface Asked {
  readonly event: string;
  readonly type: string;
  readonly endpoint: string;
}

const NO_DATA = "{}";

export function Explain() {
  const { query } = useLocation();
  const asked: Asked = {
    event: query["event"] ?? "",
    type: query["type"] ?? "",
    endpoint: query["endpoint"] ?? "",
  };
  const [data, setData] = useState(NO_DATA);
  const { event, type, endpoint } = asked;
  return (
    <>
      <h1>Explain an event</h1>
      <p class="muted">Says who would get it, and why others would not. Nothing is sent.</p>
      <AskForm key={`${event} ${type} ${endpoint}`} asked={asked} data={data} setData={setData} />
      {event !== "" && <OfEvent key={event} id={event} endpoint={endpoint} />}
      {event === "" && type !== "" && (
        <Explanations about={eventBody({ type, dataText: data })} event={null} endpoint={endpoint} />
      )}
      {event === "" && type === "" && (
        <Empty>Nothing is asked yet: give the id of an event, or a type and the data of one.</Empty>
      )}
    </>
  );
}

const textOf = (form: FormData, name: string): string => String(form.get(name) ?? "").trim();

function AskForm({
  asked,
  data,
  setData,
}: {
  readonly asked: Asked;
  readonly data: string;
  readonly setData: (data: string) => void;
}) {
  const { path, route } = useLocation();
  const submit = (form: HTMLFormElement): void => {
    const given = new FormData(form);
    const [event, type, endpoint] = [
      textOf(given, "event"),
      textOf(given, "type"),
      textOf(given, "endpoint"),
    ];
    setData(String(given.get("data") ?? NO_DATA));
    route(withQuery(path, { event, type: event === "" ? type : null, endpoint }));
  };
  return (
    <form
      class="card ask"
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget);
      }}
    >
      <Field name="event" title="Event on record" value={asked.event} placeholder="evt_…" />
      <Field name="type" title="or a type" value={asked.type} placeholder="job.completed" />
      <Field name="endpoint" title="To this endpoint only" value={asked.endpoint} placeholder="all" />
      <div class="filter wide">
        <label for="explain-data">Its data (JSON)</label>
        <textarea id="explain-data" name="data" rows={3} spellcheck={false} defaultValue={data} />
      </div>
      <button type="submit" class="primary">
        Explain
      </button>
    </form>
  );
}

function Field({
  name,
  title,
  value,
  placeholder,
}: {
  readonly name: string;
  readonly title: string;
  readonly value: string;
  readonly placeholder: string;
}) {
  const id = `explain-${name}`;
  return (
    <div class="filter">
      <label for={id}>{title}</label>
      <input
        id={id}
        name={name}
        type="text"
        defaultValue={value}
        placeholder={placeholder}
        spellcheck={false}
        autocomplete="off"
      />
    </div>
  );
}

/** Of one endpoint its delivery is asked for by name: it need not be among the first. */
async function readAbout(id: string, endpoint: string, signal: AbortSignal): Promise<ShownEvent> {
  const event = await readEvent(id, signal);
  if (endpoint === "") return event;
  const url = withQuery(api("deliveries"), { event: id, endpoint });
  return { ...event, deliveries: await ask<ShownEvent["deliveries"]>(url, { signal }) };
}

function OfEvent({ id, endpoint }: { readonly id: string; readonly endpoint: string }) {
  const asked = useAsked(`${id} ${endpoint}`, (signal) => readAbout(id, endpoint, signal));
  return (
    <Shown asked={asked} what="the event">
      {(event) => (
        <>
          <p>
            <Id id={id} href={page("events", id)} /> ({event.type}) was taken on{" "}
            <Time at={event.accepted_at} />. What stands below is how things are now.
          </p>
          {event.payload_hidden === true ? (
            <Hidden what="A dry run needs the event's data, which are" />
          ) : (
            <Explanations about={eventBody(event)} event={event} endpoint={endpoint} />
          )}
        </>
      )}
    </Shown>
  );
}

function Explanations({
  about,
  event,
  endpoint,
}: {
  readonly about: string;
  readonly event: ShownEvent | null;
  readonly endpoint: string;
}) {
  const { pages, problem, more, again } = useList<ExplanationInJson>(api("explain"), { endpoint }, about);
  if (pages === null)
    return problem === null ? (
      <Waiting what="who would get it" />
    ) : (
      <Refused problem={problem} again={again} />
    );
  const rows = pages.flat();
  const had = new Map((event?.deliveries.data ?? []).map((one) => [one.endpoint_id, one]));
  const shown = new Set(rows.map((row) => row.endpoint_id));
  const isWhole = more === null && endpoint === "";
  const gone = isWhole ? [...had.values()].filter((one) => !shown.has(one.endpoint_id)) : [];
  return (
    <>
      {problem !== null && <Refused problem={problem} again={again} />}
      {rows.length === 0 && (
        <Empty>
          {endpoint === "" ? "There is no webhook yet" : `There is no webhook ${endpoint} now`}:{" "}
          <code>hookwave endpoints add https://…</code>
        </Empty>
      )}
      <ul class="plain explained">
        {rows.map((row) => (
          <OneExplanation
            key={row.endpoint_id}
            row={asIfNew(row)}
            event={event}
            delivery={had.get(row.endpoint_id) ?? null}
            isAlone={endpoint !== ""}
          />
        ))}
        {gone.map((delivery) => (
          <li key={delivery.id} class="card">
            <Had delivery={delivery} /> <span class="id">{delivery.endpoint_id}</span>
            <p>It is no webhook of today: it was removed, or the event itself named it.</p>
          </li>
        ))}
      </ul>
      {more !== null && (
        <button type="button" onClick={more}>
          More
        </button>
      )}
    </>
  );
}

function OneExplanation({
  row,
  event,
  delivery,
  isAlone,
}: {
  readonly row: ExplanationInJson;
  readonly event: ShownEvent | null;
  readonly delivery: DeliveryInJson | null;
  readonly isAlone: boolean;
}) {
  const { endpoint_id: endpoint, reasons } = row;
  const isOpen = event !== null && delivery === null && reasons.length === 0;
  return (
    <li class="card">
      <Would would={row.would_send} /> <Id id={endpoint} href={page("webhooks", endpoint)} />{" "}
      <span class="muted id">{row.url}</span>
      {delivery !== null && (
        <p>
          <Had delivery={delivery} />
        </p>
      )}
      {reasons.length > 0 && <Reasons reasons={reasons} />}
      {isOpen &&
        (isAlone ? (
          <NoneYet event={event} endpoint={endpoint} />
        ) : (
          <AskAlone event={event} endpoint={endpoint} />
        ))}
    </li>
  );
}

function Had({ delivery }: { readonly delivery: DeliveryInJson }) {
  const { id, status, reason } = delivery;
  return (
    <>
      <a href={page("deliveries", id)}>Its delivery</a> is{" "}
      <State word={status} text={reason === null ? status : `${status}: ${reason}`} />
    </>
  );
}

function AskAlone({ event, endpoint }: { readonly event: ShownEvent; readonly endpoint: string }) {
  const isSure = event.deliveries.next === null;
  return (
    <p>
      {isSure ? "It has no delivery of this event." : "Its delivery is not among the first of this event."}{" "}
      <a href={withQuery(page("explain"), { event: event.id, endpoint })} aria-label={`Why? ${endpoint}`}>
        Why?
      </a>
    </p>
  );
}

/** For one that would get it now, and has not had it. */
function NoneYet({ event, endpoint }: { readonly event: ShownEvent; readonly endpoint: string }) {
  const asked = useAnswer<ShownWebhook>(api("webhooks", endpoint));
  return (
    <Shown asked={asked} what="the webhook">
      {({ created_at: created, updated_at: updated }) => {
        if (created > event.accepted_at)
          return (
            <p>
              It has no delivery of this event: it was added later, <Time at={created} />.
            </p>
          );
        if (updated > event.accepted_at)
          return (
            <p>
              It has no delivery of this event: it was changed since, <Time at={updated} />. Today it would
              get it.
            </p>
          );
        return <p>Nothing stands against it: its first attempt is under way.</p>;
      }}
    </Shown>
  );
}
