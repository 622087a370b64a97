/** Filters of a list. They are in the URL, so that a list can be handed on as a link; they apply when they are changed. */

import { useId } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { withQuery } from "./places.ts";

interface Filter {
  /** As the API's query and the page's URL have it. */
  readonly name: string;
  readonly title: string;
  /** Without them it is a text. */
  readonly choices?: readonly string[];
  readonly placeholder?: string;
  /** In the viewer's zone, and ISO 8601 in the URL. */
  readonly isTime?: true;
}

const pad = (number: number, digits = 2): string => String(number).padStart(digits, "0");

/** The field's own form of a time, which has no zone: that of the viewer. */
function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const day = [pad(at.getFullYear(), 4), pad(at.getMonth() + 1), pad(at.getDate())].join("-");
  return `${day}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

const isoTime = (local: string): string => (local === "" ? "" : new Date(local).toISOString());

/** The filters' values in the URL; null where one is not set. */
export function useFilters(filters: readonly Filter[]): Readonly<Record<string, string | null>> {
  const { query } = useLocation();
  return Object.fromEntries(filters.map(({ name }) => [name, query[name] || null]));
}

export function FilterBar({
  filters,
  children,
}: {
  readonly filters: readonly Filter[];
  readonly children?: preact.ComponentChildren;
}) {
  const { path, query, route } = useLocation();
  const set = (name: string, value: string): void => route(withQuery(path, { ...query, [name]: value }));
  const isSet = filters.some(({ name }) => query[name]);
  return (
    <search>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        {filters.map((filter) => (
          <OneFilter key={filter.name} filter={filter} value={query[filter.name] ?? ""} set={set} />
        ))}
        {isSet && (
          <button type="button" class="quiet" onClick={() => route(path)}>
            Clear
          </button>
        )}
        {children}
      </form>
    </search>
  );
}

function OneFilter({
  filter: { name, title, choices, placeholder = "", isTime },
  value,
  set,
}: {
  readonly filter: Filter;
  readonly value: string;
  readonly set: (name: string, value: string) => void;
}) {
  const id = useId();
  return (
    <div class="filter">
      <label for={id}>{title}</label>
      {isTime && (
        <input
          id={id}
          type="datetime-local"
          value={localTime(value)}
          onChange={({ currentTarget }) => set(name, isoTime(currentTarget.value))}
        />
      )}
      {choices === undefined && !isTime && (
        <input
          id={id}
          type="text"
          value={value}
          placeholder={placeholder}
          spellcheck={false}
          autocomplete="off"
          onChange={({ currentTarget }) => set(name, currentTarget.value.trim())}
        />
      )}
      {choices !== undefined && (
        <select id={id} value={value} onChange={({ currentTarget }) => set(name, currentTarget.value)}>
          <option value="">all</option>
          {/* A link may ask for one that is not known yet, or no more. */}
          {[...new Set([...choices, value])].filter(Boolean).map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
