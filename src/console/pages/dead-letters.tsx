/** Dead letters: what kinds there are, which they are, and what is done with all that match. */
import { useLocation } from "preact-iso/router";
import type { LetterPage, ShownLetter, ShownLetterGroups } from "../../api/letter-fields.ts";
import { type Answered, useAnswer, useList } from "../answers.tsx";
import { type Column, DataTable } from "../data-table.tsx";
import { ExportLinks } from "../export-links.tsx";
import { FilterBar, useFilters } from "../filter-bar.tsx";
import { LETTER_FILTERS } from "../letter-filters.ts";
import { api, page, type Query, withQuery } from "../places.ts";
import { Id, Time } from "../words.tsx";
import { LetterGroups } from "./letter-groups.tsx";
import { PurgeMatching, ReplayMatching } from "./matching-letters.tsx";

const COLUMNS: readonly Column<ShownLetter>[] = [
  { title: "Buried", width: "13.5rem", cell: ({ buried_at: at }) => <Time at={at} /> },
  {
    title: "Letter",
    width: "minmax(0, 2fr)",
    cell: ({ id, event_id: event }) => <Id id={event ?? id} href={page("dead-letters", id)} />,
  },
  { title: "Type", width: "minmax(0, 1.3fr)", cell: ({ event_type: type }) => type ?? "–" },
  {
    title: "Endpoint",
    width: "minmax(0, 1.3fr)",
    cell: ({ endpoint_id: id }) => (id === null ? "–" : <Id id={id} href={page("webhooks", id)} />),
  },
  { title: "Reason", width: "9rem", cell: ({ reason }) => reason },
  { title: "Last answer", width: "6rem", cell: ({ last_status: status }) => status ?? "–" },
  { title: "Attempts", width: "5rem", isNumber: true, cell: ({ attempt_count: attempts }) => attempts },
];

export function DeadLetters() {
  const filters = useFilters(LETTER_FILTERS);
  const list = useList<ShownLetter>(api("dead-letters"), filters);
  const counted = useAnswer<LetterPage>(
    withQuery(api("dead-letters"), { ...filters, limit: 1, total: "true" }),
  );
  const groups = useAnswer<ShownLetterGroups>(withQuery(api("dead-letters", "groups"), filters));
  const again = (): void => {
    counted.again();
    groups.again();
    list.again();
  };
  return (
    <>
      <div class="head">
        <h1>Dead letters</h1>
        <Orders filters={filters} counted={counted} again={again} />
      </div>
      <FilterBar filters={LETTER_FILTERS}>
        <ExportLinks of="dead-letters" filters={filters} />
      </FilterBar>
      <LetterGroups filters={filters} asked={groups} />
      <DataTable
        what="dead letters"
        list={list}
        columns={COLUMNS}
        id={({ id }) => id}
        href={({ id }) => page("dead-letters", id)}
        empty={
          <>
            No dead letter matches. What was given up after its last attempt is kept here, and can be sent
            again: <code>hookwave dead-letters list</code>
          </>
        }
      />
    </>
  );
}

function Orders({
  filters,
  counted,
  again,
}: {
  readonly filters: Query;
  readonly counted: Answered<LetterPage>;
  readonly again: () => void;
}) {
  const { route } = useLocation();
  const total = counted.value?.total ?? 0;
  if (total === 0) return null;
  return (
    <div class="acts">
      <ReplayMatching filters={filters} total={total} begun={(id) => route(page("replays", id))} />
      <PurgeMatching filters={filters} total={total} purged={again} />
    </div>
  );
}
