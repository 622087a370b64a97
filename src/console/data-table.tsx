/**
 * A list as a table. Groups of its rows cost nothing while nobody sees them; j and k go from row to row,
 * Enter opens one. On a narrow screen each row becomes a card.
 */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Empty, type Listed, Refused, Waiting } from "./answers.tsx";
import { useKeys } from "./keyboard.ts";
import { count, InSight } from "./words.tsx";

export interface Column<Row> {
  readonly title: string;
  /** Its width, as `grid-template-columns` takes it. */
  readonly width: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly isNumber?: true;
}

interface Props<Row> {
  readonly what: string;
  readonly list: Listed<Row>;
  readonly columns: readonly Column<Row>[];
  readonly id: (row: Row) => string;
  /** The page of a row. */
  readonly href: (row: Row) => string;
  /** Without a row: what would fill it, and with which command. */
  readonly empty: ComponentChildren;
}

export function DataTable<Row>(props: Props<Row>) {
  const { what, list, empty } = props;
  const { pages, problem, more, again, isAsking } = list;
  if (pages === null)
    return problem === null ? <Waiting what={what} /> : <Refused problem={problem} again={again} />;
  const rows = pages.reduce((sum, page) => sum + page.length, 0);
  return (
    <>
      {problem !== null && <Refused problem={problem} again={again} />}
      {rows === 0 && more === null ? <Empty>{empty}</Empty> : <Rows {...props} pages={pages} />}
      <p class="under-table" role="status">
        {count(rows)} shown{isAsking ? ", reading …" : ""}
        {more !== null && <More more={more} />}
      </p>
    </>
  );
}

/** Before the browser would draw it: what is read is drawn bit by bit as one comes to it. */
const AHEAD = { rootMargin: "2000px" };

/** Goes on by itself before it comes into sight. */
function More({ more }: { readonly more: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      // Of a busy browser several at once: the last is how it is.
      if (entries.at(-1)?.isIntersecting) more();
    }, AHEAD);
    if (button.current !== null) observer.observe(button.current);
    return () => observer.disconnect();
  }, [more]);
  return (
    <button type="button" ref={button} onClick={more}>
      More
    </button>
  );
}

function Rows<Row>({
  pages,
  columns,
  id,
  href,
  what,
}: Props<Row> & { readonly pages: readonly (readonly Row[])[] }) {
  const [chosen, setChosen] = useState(-1);
  const table = useRef<HTMLTableElement>(null);
  const { route } = useLocation();
  const rows = pages.flat();
  const choose = (index: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setChosen(next);
    const row = table.current?.querySelectorAll("tbody tr")[next];
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector("a")?.focus({ preventScroll: true });
  };
  const groups = useGroups(pages);
  const row = rows[chosen];
  useKeys({
    j: () => choose(chosen + 1),
    k: () => choose(chosen - 1),
    Enter: row === undefined ? null : () => route(href(row)),
  });
  return (
    <table class="data" ref={table} aria-label={what} style={templateOf(columns)}>
      <thead>
        <tr>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber && "number"}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      {groups.map(({ start, group }) => {
        const isHere = chosen >= start && chosen < start + group.length;
        return (
          <Group key={start} group={group} columns={columns} id={id} chosen={isHere ? chosen - start : -1} />
        );
      })}
    </table>
  );
}

/** Rows that come into sight are laid out and painted in one task of the browser: 100 at once took longer than 50 ms. */
const GROUP_ROWS = 20;

interface Placed<Row> {
  readonly start: number;
  readonly group: readonly Row[];
}

/** Pages in groups, the same arrays each time, so that a page which comes draws no other anew. */
function useGroups<Row>(pages: readonly (readonly Row[])[]): readonly Placed<Row>[] {
  const known = useRef(new WeakMap<readonly Row[], readonly (readonly Row[])[]>());
  let start = 0;
  return pages.flatMap((page) => {
    const groups = known.current.get(page) ?? groupsOf(page);
    known.current.set(page, groups);
    return groups.map((group) => {
      const placed = { start, group };
      start += group.length;
      return placed;
    });
  });
}

const groupsOf = <Row,>(page: readonly Row[]) =>
  Array.from({ length: Math.ceil(page.length / GROUP_ROWS) }, (_, n) =>
    page.slice(n * GROUP_ROWS, (n + 1) * GROUP_ROWS),
  );

const templateOf = (columns: readonly { readonly width: string }[]) => ({
  "--columns": columns.map(({ width }) => width).join(" "),
});

/** Neighbours. They are drawn once, and again only for a choice among them; out of sight their times stand still. */
function Group<Row>({
  group,
  columns,
  id,
  chosen,
}: Pick<Props<Row>, "columns" | "id"> & { readonly group: readonly Row[]; readonly chosen: number }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const isInSight = useSignal(true);
  useEffect(() => {
    const hear = (event: Event): void => {
      if ("skipped" in event) isInSight.value = event.skipped === false;
    };
    const { current } = body;
    current?.addEventListener("contentvisibilityautostatechange", hear);
    return () => current?.removeEventListener("contentvisibilityautostatechange", hear);
  }, [isInSight]);
  return useMemo(
    () => (
      <InSight.Provider value={isInSight}>
        <tbody ref={body} style={{ "--rows": group.length }}>
          {group.map((one, at) => (
            <tr key={id(one)} class={at === chosen ? "chosen" : ""}>
              {columns.map(({ title, cell, isNumber }) => (
                <td key={title} data-title={title} class={isNumber && "number"}>
                  {cell(one)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </InSight.Provider>
    ),
    // A row's id depends on nothing but the row.
    [group, columns, chosen, isInSight],
  );
}
