/** Deliveries: which there are, in which state; the newest events' first. */

import type { DeliveryInJson } from "../../api/shown-delivery.ts";
import { DELIVERY_STATUSES } from "../../core/delivery.ts";
import { useList } from "../answers.tsx";
import { type Column, DataTable } from "../data-table.tsx";
import { ExportLinks } from "../export-links.tsx";
import { FilterBar, useFilters } from "../filter-bar.tsx";
import { api, page } from "../places.ts";
import { Ago, Id, State } from "../words.tsx";

const FILTERS = [
  { name: "status", title: "Status", choices: DELIVERY_STATUSES },
  { name: "endpoint", title: "Endpoint", placeholder: "ep_…" },
  { name: "event", title: "Event", placeholder: "evt_…" },
  { name: "type", title: "Type", placeholder: "job.*" },
  { name: "since", title: "Since", isTime: true },
  { name: "until", title: "Until", isTime: true },
] as const;

const COLUMNS: readonly Column<DeliveryInJson>[] = [
  { title: "Status", width: "7.5rem", cell: ({ status }) => <State word={status} /> },
  {
    title: "Event",
    width: "minmax(0, 2fr)",
    cell: ({ event_id: id }) => <Id id={id} href={page("events", id)} />,
  },
  { title: "Type", width: "minmax(0, 1.5fr)", cell: ({ event_type: type }) => type },
  {
    title: "Endpoint",
    width: "minmax(0, 1.5fr)",
    cell: ({ endpoint_id: id }) => <Id id={id} href={page("webhooks", id)} />,
  },
  {
    title: "Last answer",
    width: "8rem",
    cell: ({ last_attempt: last, reason }) => last?.status ?? last?.reason ?? reason ?? "–",
  },
  { title: "Attempts", width: "5rem", isNumber: true, cell: ({ attempt_count: attempts }) => attempts },
  { title: "Next", width: "6rem", cell: ({ next_attempt_at: at }) => <Ago at={at} /> },
  { title: "Created", width: "6.5rem", cell: ({ created_at: at }) => <Ago at={at} /> },
];

export function Deliveries() {
  const filters = useFilters(FILTERS);
  const list = useList<DeliveryInJson>(api("deliveries"), filters);
  return (
    <>
      <h1>Deliveries</h1>
      <FilterBar filters={FILTERS}>
        <ExportLinks of="deliveries" filters={filters} />
      </FilterBar>
      <DataTable
        what="deliveries"
        list={list}
        columns={COLUMNS}
        id={({ id }) => id}
        href={({ id }) => page("deliveries", id)}
        empty={
          <>
            No delivery matches. One comes about with each event that a webhook covers:{" "}
            <code>hookwave publish job.completed</code>
          </>
        }
      />
    </>
  );
}
