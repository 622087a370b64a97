/** The audit log: who changed what, when, and from what to what; the latest first. */
import type { ShownAuditEntry } from "../../api/routes/audit.ts";
import { AUDIT_ACTIONS } from "../../core/audit.ts";
import { useList } from "../answers.tsx";
import { type Column, DataTable } from "../data-table.tsx";
import { FilterBar, useFilters } from "../filter-bar.tsx";
import { api, page, withQuery } from "../places.ts";
import { Id, plural, Time } from "../words.tsx";
import { SettingsFrame } from "./settings-frame.tsx";

const FILTERS = [
  { name: "action", title: "Action", choices: AUDIT_ACTIONS },
  { name: "target", title: "Target", placeholder: "ep_…" },
  { name: "by", title: "By, an id", placeholder: "a key's id, loopback …" },
] as const;

const COLUMNS: readonly Column<ShownAuditEntry>[] = [
  { title: "Time", width: "13.5rem", cell: ({ at }) => <Time at={at} /> },
  { title: "Action", width: "11.5rem", cell: ({ action }) => action },
  {
    title: "Target",
    width: "minmax(0, 1.2fr)",
    cell: (entry) => (entry.target === null ? "–" : <Id id={entry.target} href={pageOf(entry)} />),
  },
  {
    title: "By",
    width: "minmax(0, 0.9fr)",
    cell: ({ by }) => (
      <a href={withQuery(page("settings", "audit"), { by: by.id })} title={by.id}>
        {by.name}
      </a>
    ),
  },
  { title: "Change", width: "minmax(0, 2.4fr)", cell: (entry) => <Change entry={entry} /> },
];

export function Audit() {
  const filters = useFilters(FILTERS);
  const list = useList<ShownAuditEntry>(api("audit"), filters);
  return (
    <SettingsFrame>
      <FilterBar filters={FILTERS} />
      <DataTable
        what="changes"
        list={list}
        columns={COLUMNS}
        id={({ id }) => id}
        href={pageOf}
        empty="No change matches. Every change of a webhook, a key or the migration, and everything that is sent again, is noted here."
      />
    </SettingsFrame>
  );
}

/** Families of actions, each with the page of what it is about. */
const PAGES: Readonly<Record<string, string>> = {
  endpoint: "webhooks",
  event: "events",
  delivery: "deliveries",
  dead_letter: "dead-letters",
  replay: "replays",
};

function pageOf({ action, target }: ShownAuditEntry): string {
  if (action === "migration.set") return page("migration");
  const place = PAGES[action.split(".")[0] ?? ""];
  return place === undefined || target === null
    ? withQuery(page("settings", "audit"), { target, action })
    : page(place, target);
}

const SHOWN_MAX_CHARS = 200;
/** More are folded away: a webhook that is made has them all. */
const MEMBERS_MAX = 4;

/** Each member of either side, as it was and as it is. */
function Change({ entry: { before, after } }: { readonly entry: ShownAuditEntry }) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const members = (
    <ul class="plain diff">
      {names.map((name) => (
        <li key={name}>
          <span class="muted">{name}</span>{" "}
          {before !== null && name in before && <del>{inWords(before[name])}</del>}{" "}
          {after !== null && name in after && <ins>{inWords(after[name])}</ins>}
        </li>
      ))}
    </ul>
  );
  if (names.length <= MEMBERS_MAX) return members;
  return (
    <details class="change">
      <summary>{plural(names.length, "member")}</summary>
      {members}
    </details>
  );
}

function inWords(value: unknown): string {
  const text = typeof value === "string" ? value || "–" : JSON.stringify(value);
  return text.length > SHOWN_MAX_CHARS ? `${text.slice(0, SHOWN_MAX_CHARS)} …` : text;
}
