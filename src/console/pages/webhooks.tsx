/** Webhooks: which there are, how each is, and a dialog that adds one. */
import { useMemo } from "preact/hooks";
import type { ShownWebhook } from "../../api/webhook-fields.ts";
import { useAsked, useList } from "../answers.tsx";
import { type Column, DataTable } from "../data-table.tsx";
import { readStates, type WebhookState, type WebhookStates, wordOf, wordsFor } from "../endpoint-health.ts";
import { FilterBar, useFilters } from "../filter-bar.tsx";
import { api, page } from "../places.ts";
import { Id, State } from "../words.tsx";
import { AddWebhook } from "./add-webhook.tsx";

const FILTERS = [
  { name: "active", title: "Active", choices: ["true", "false"] },
  { name: "event", title: "Event", placeholder: "job.completed" },
  { name: "text", title: "Text", placeholder: "id, host, label …" },
] as const;

const NONE: WebhookStates = new Map();
const STATES_EACH_MS = 10_000;

const columnsWith = (states: WebhookStates): readonly Column<ShownWebhook>[] => [
  {
    title: "State",
    width: "minmax(0, 3.2fr)",
    cell: (webhook) => <StateInWords webhook={webhook} state={states.get(webhook.id)} />,
  },
  {
    title: "Webhook",
    width: "minmax(0, 1.3fr)",
    cell: ({ id }) => <Id id={id} href={page("webhooks", id)} />,
  },
  { title: "URL", width: "minmax(0, 2.4fr)", cell: ({ url }) => <span title={url}>{url}</span> },
  {
    title: "Events",
    width: "minmax(0, 1.2fr)",
    cell: ({ events }) => <span title={events.join(", ")}>{events.join(", ") || "none"}</span>,
  },
  { title: "Profile", width: "6.5rem", cell: ({ profile }) => profile },
];

export function Webhooks() {
  const filters = useFilters(FILTERS);
  const list = useList<ShownWebhook>(api("webhooks"), filters);
  const rows = list.pages?.flat() ?? [];
  const key = rows.map(({ id }) => id).join(" ");
  const states = useAsked(key, (signal) => readStates(rows, signal), STATES_EACH_MS);
  const columns = useMemo(() => columnsWith(states.value ?? NONE), [states.value]);
  return (
    <>
      <div class="head">
        <h1>Webhooks</h1>
        <div class="acts">
          <AddWebhook added={list.again} />
        </div>
      </div>
      <FilterBar filters={FILTERS} />
      <DataTable
        what="webhooks"
        list={list}
        columns={columns}
        id={({ id }) => id}
        href={({ id }) => page("webhooks", id)}
        empty={
          <>
            No webhook matches. Add one above, or with{" "}
            <code>hookwave endpoints add https://example.com/hook</code>
          </>
        }
      />
    </>
  );
}

/** The state itself, and what else an operator wants to know of it. */
export function StateInWords({
  webhook,
  state,
}: {
  readonly webhook: Pick<ShownWebhook, "is_active" | "disabled_because">;
  readonly state: WebhookState | undefined;
}) {
  const [first, ...more] = wordsFor(webhook, state);
  return (
    <span class="in-words" title={[first, ...more].join(", ")}>
      <State word={wordOf(webhook, state?.health)} text={first} />{" "}
      <span class="muted">{more.join(", ")}</span>
    </span>
  );
}
