/** Events as workers took them on, the newest first. */
import { useList } from "../answers.tsx";
import { type Column, DataTable } from "../data-table.tsx";
import { ExportLinks } from "../export-links.tsx";
import { FilterBar, useFilters } from "../filter-bar.tsx";
import { api, page } from "../places.ts";
import { Id, Time } from "../words.tsx";

const FILTERS = [{ name: "type", title: "Type", placeholder: "job.*" }] as const;

interface ListedEvent {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
}

const COLUMNS: readonly Column<ListedEvent>[] = [
  { title: "Event", width: "minmax(0, 2fr)", cell: ({ id }) => <Id id={id} href={page("events", id)} /> },
  { title: "Type", width: "minmax(0, 2fr)", cell: ({ type }) => type },
  { title: "Time", width: "minmax(0, 1fr)", cell: ({ timestamp }) => <Time at={timestamp} /> },
];

export function Events() {
  const filters = useFilters(FILTERS);
  const list = useList<ListedEvent>(api("events"), { ...filters, order: "newest" });
  return (
    <>
      <h1>Events</h1>
      <FilterBar filters={FILTERS}>
        <ExportLinks of="events" filters={filters} />
      </FilterBar>
      <DataTable
        what="events"
        list={list}
        columns={COLUMNS}
        id={({ id }) => id}
        href={({ id }) => page("events", id)}
        empty={
          <>
            No event matches. Publish one: <code>hookwave publish job.completed</code>
          </>
        }
      />
    </>
  );
}
