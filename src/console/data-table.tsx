/**
 * A list as a table. Its pages are groups of rows that cost nothing while nobody sees them; j and k go from row to row,
 * Enter opens one. On a narrow screen each row becomes a card.
 */
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Empty, type Listed, Refused, Waiting } from "./answers.tsx";
import { useKeys } from "./keyboard.ts";

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
        {more !== null && (
          <button type="button" onClick={more}>
            More
          </button>
        )}
      </p>
    </>
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
  const template = { "--columns": columns.map(({ width }) => width).join(" ") };
  let index = -1;
  return (
    <table class="data" ref={table} aria-label={what}>
      <thead>
        <tr style={template}>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber && "number"}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      {pages.map((page, at) => (
        <tbody key={at}>
          {page.map((one) => {
            index += 1;
            return (
              <tr key={id(one)} style={template} class={index === chosen ? "chosen" : ""}>
                {columns.map(({ title, cell, isNumber }) => (
                  <td key={title} data-title={title} class={isNumber && "number"}>
                    {cell(one)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      ))}
    </table>
  );
}
