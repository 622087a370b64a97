/**
 * A list as a table. Its pages are groups of rows that cost nothing while nobody sees them; j and k go from row to row,
 * Enter opens one. On a narrow screen each row becomes a card.
 */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Empty, type Listed, Refused, Waiting } from "./answers.tsx";
import { useKeys } from "./keyboard.ts";
import { InSight } from "./words.tsx";

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
        {rows} shown{isAsking ? ", reading …" : ""}
        {more !== null && <More more={more} />}
      </p>
    </>
  );
}

/** Goes on by itself when it comes into sight. */
function More({ more }: { readonly more: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) more();
    });
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
  const row = rows[chosen];
  useKeys({
    j: () => choose(chosen + 1),
    k: () => choose(chosen - 1),
    Enter: row === undefined ? null : () => route(href(row)),
  });
  const starts = pages.map((_, at) => pages.slice(0, at).reduce((sum, { length }) => sum + length, 0));
  return (
    <table class="data" ref={table} aria-label={what}>
      <thead>
        <tr style={templateOf(columns)}>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber && "number"}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      {pages.map((page, at) => {
        const start = starts[at] ?? 0;
        const isHere = chosen >= start && chosen < start + page.length;
        return (
          <Group key={start} page={page} columns={columns} id={id} chosen={isHere ? chosen - start : -1} />
        );
      })}
    </table>
  );
}

const templateOf = (columns: readonly { readonly width: string }[]) => ({
  "--columns": columns.map(({ width }) => width).join(" "),
});

/** Rows that came together. They are drawn once, and again only for a choice among them; out of sight their times stand still. */
function Group<Row>({
  page,
  columns,
  id,
  chosen,
}: Pick<Props<Row>, "columns" | "id"> & { readonly page: readonly Row[]; readonly chosen: number }) {
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
        <tbody ref={body}>
          {page.map((one, at) => (
            <tr key={id(one)} style={templateOf(columns)} class={at === chosen ? "chosen" : ""}>
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
    [page, columns, chosen, isInSight],
  );
}
