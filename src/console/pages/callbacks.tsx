/** The inbox: callbacks that came in, newest first; one that is opened stands in a window over the list, at an address of its own. */

import { useEffect } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso/router";
import type { CallbackCounts, ShownCallback } from "../../api/callback-fields.ts";
import type { ShownSource } from "../../api/routes/sources.ts";
import type { Page } from "../../core/page.ts";
import { Act } from "../act.tsx";
import { useAnswer, useList } from "../answers.tsx";
import { ask } from "../api.ts";
import { arrivals } from "../arrivals.ts";
import { type Column, DataTable } from "../data-table.tsx";
import { ExportLinks } from "../export-links.tsx";
import { FilterBar, useFilters } from "../filter-bar.tsx";
import { api, page, withQuery } from "../places.ts";
import { Ago, count, Id, plural } from "../words.tsx";
import { OneCallback, Shield } from "./callback.tsx";

const SIGNATURES = ["valid", "invalid", "unsigned"] as const;

const COLUMNS: readonly Column<ShownCallback>[] = [
  { title: "Signature", width: "8rem", cell: ({ signature }) => <Shield signature={signature} /> },
  {
    title: "Callback",
    width: "minmax(0, 2fr)",
    cell: ({ id, callback_id: name, seen_at: seen }) => (
      <>
        {seen === null && (
          <span class="unseen" title="not seen yet">
            new
          </span>
        )}{" "}
        <Id id={name} href={page("callbacks", id) + location.search} />
      </>
    ),
  },
  { title: "Source", width: "minmax(0, 1fr)", cell: ({ source }) => source },
  { title: "Type", width: "minmax(0, 1.5fr)", cell: ({ type }) => type ?? "–" },
  { title: "Came", width: "7rem", cell: ({ received_at: at }) => <Ago at={at} /> },
  { title: "Copies", width: "4.5rem", isNumber: true, cell: ({ copies }) => copies },
];

export function Callbacks() {
  const { query, route } = useLocation();
  const { params } = useRoute();
  const sources = useAnswer<Page<ShownSource>>(api("sources"));
  const counts = useAnswer<CallbackCounts>(api("callbacks", "counts"));
  const all = [
    { name: "source", title: "Source", choices: (sources.value?.data ?? []).map(({ id }) => id) },
    { name: "type", title: "Type", placeholder: "task.*" },
    { name: "signature", title: "Signature", choices: SIGNATURES },
    { name: "seen", title: "Seen", choices: ["true", "false"] },
  ];
  const filters = useFilters(all);
  const list = useList<ShownCallback>(api("callbacks"), filters);
  const came = arrivals.value;
  const again = (): void => {
    list.again();
    counts.again();
  };
  useEffect(() => {
    if (came > 0) again();
  }, [came]);
  const opened = params["id"];
  return (
    <>
      <div class="head">
        <h1>Callbacks</h1>
        {counts.value !== null && <Counts counts={counts.value} />}
        <div class="acts">
          <MarkAll filters={filters} again={again} upTo={counts.value?.latest ?? null} />
        </div>
      </div>
      <Unverified sources={sources.value?.data ?? []} />
      <FilterBar filters={all}>
        <ExportLinks of="callbacks" filters={filters} />
      </FilterBar>
      <DataTable
        what="callbacks"
        list={list}
        columns={COLUMNS}
        id={({ id }) => id}
        href={({ id }) => page("callbacks", id) + location.search}
        empty={
          <>
            Nothing came in that matches. A source receives at an address of its own:{" "}
            <code>hookwave sources add llm --profile llm-service --secret …</code>
          </>
        }
      />
      {opened !== undefined && (
        <OneCallback
          key={opened}
          id={decodeURIComponent(opened)}
          changed={again}
          close={() => route(withQuery(page("callbacks"), query))}
        />
      )}
    </>
  );
}

function Counts({ counts: { total, unseen, invalid } }: { readonly counts: CallbackCounts }) {
  return (
    <p class="muted" role="status">
      {count(total)} kept,{" "}
      <a href={withQuery(page("callbacks"), { seen: "false" })}>{count(unseen)} not seen</a>,{" "}
      <a href={withQuery(page("callbacks"), { signature: "invalid" })}>{count(invalid)} invalid</a>
    </p>
  );
}

/** Sources whose callbacks anybody can forge. */
function Unverified({ sources }: { readonly sources: readonly ShownSource[] }) {
  const open = sources.filter(({ unsigned }) => unsigned).map(({ id }) => id);
  if (open.length === 0) return null;
  return (
    <p class="banner warn" role="note">
      Callbacks of <strong>{open.join(", ")}</strong> are not verified:{" "}
      {plural(open.length, "source has", "sources have")} no secret, so that anybody may write them.
    </p>
  );
}

function MarkAll({
  filters,
  again,
  upTo,
}: {
  readonly filters: Readonly<Record<string, string | null>>;
  readonly again: () => void;
  readonly upTo: string | null;
}) {
  const { seen: _, ...filter } = filters;
  const given = Object.fromEntries(
    Object.entries({ ...filter, up_to: upTo }).filter(([, value]) => value !== null),
  );
  return (
    <Act
      needs="admin"
      label="Mark all as seen"
      confirm="All callbacks that the filters match, up to the latest that you see here?"
      run={async () => {
        const { marked } = await ask<{ marked: number }>(api("callbacks", "seen"), {
          method: "POST",
          body: given,
        });
        again();
        return `${plural(marked, "callback")} marked as seen`;
      }}
    />
  );
}
