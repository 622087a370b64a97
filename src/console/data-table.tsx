/**
 * A list as a table. Its rows are in the document where they are near to what is seen; j and k go from row to row, Enter
 * opens one. On a narrow screen each row becomes a card.
 */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Empty, type Listed, Refused, Waiting } from "./answers.tsx";
import { useKeys } from "./keyboard.ts";
import { useNearness } from "./use-nearness.ts";
import { count } from "./words.tsx";

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

/** Before the last row is near: what is read is drawn bit by bit as one comes to it. */
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
  const { route } = useLocation();
  const rows = useMemo(() => pages.flat(), [pages]);
  const choose = (index: number): void => {
    setChosen(Math.max(0, Math.min(rows.length - 1, index)));
  };
  const { groups, starts } = useGroups(pages);
  const chosenGroup = starts.findLastIndex((start) => start <= chosen);
  const { table, places } = useNearness(groups, chosenGroup);
  const row = rows[chosen];
  useKeys({
    j: () => choose(chosen + 1),
    k: () => choose(chosen - 1),
    Enter: row === undefined ? null : () => route(href(row)),
  });
  return (
    <table
      ref={table}
      class="data"
      aria-label={what}
      aria-rowcount={rows.length + 1}
      style={templateOf(columns)}
    >
      <thead>
        <tr>
          {columns.map(({ title, isNumber }) => (
            <th key={title} scope="col" class={isNumber && "number"}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      {places.map(({ drawn, heightPx, end }) => {
        const [group, start] = [groups[drawn ?? -1], starts[drawn ?? -1] ?? 0];
        if (group === undefined) return <tbody key={end} style={{ height: `${heightPx}px` }} />;
        const isHere = chosen >= start && chosen < start + group.length;
        const place = { group, start, chosen: isHere ? chosen - start : -1 };
        return <Group key={end} {...place} columns={columns} id={id} />;
      })}
    </table>
  );
}

/** Rows that come and go together. */
const GROUP_ROWS = 20;

interface Groups<Row> {
  readonly groups: readonly (readonly Row[])[];
  /** Index of the first row of each. */
  readonly starts: readonly number[];
}

/** Pages in groups, the same arrays each time, so that a page which comes draws no other anew. */
function useGroups<Row>(pages: readonly (readonly Row[])[]): Groups<Row> {
  const known = useRef(new WeakMap<readonly Row[], readonly (readonly Row[])[]>());
  return useMemo(() => {
    const groups = pages.flatMap((page) => {
      const those = known.current.get(page) ?? groupsOf(page);
      known.current.set(page, those);
      return those;
    });
    let rows = 0;
    const starts = groups.map((group) => {
      rows += group.length;
      return rows - group.length;
    });
    return { groups, starts };
  }, [pages]);
}

const groupsOf = <Row,>(page: readonly Row[]) =>
  Array.from({ length: Math.ceil(page.length / GROUP_ROWS) }, (_, n) =>
    page.slice(n * GROUP_ROWS, (n + 1) * GROUP_ROWS),
  );

const templateOf = (columns: readonly { readonly width: string }[]) => ({
  "--columns": columns.map(({ width }) => width).join(" "),
});

/** The header's is the first. */
const FIRST_INDEX = 2;

interface GroupProps<Row> extends Pick<Props<Row>, "columns" | "id"> {
  readonly group: readonly Row[];
  /** Index of its first row in the list. */
  readonly start: number;
  /** Of this group; -1 where none of it is. */
  readonly chosen: number;
}

/** Neighbours. They are drawn once, and again only for a choice among them. */
function Group<Row>({ start, group, columns, id, chosen }: GroupProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    const row = body.current?.rows[chosen];
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector("a")?.focus({ preventScroll: true });
  }, [chosen]);
  return useMemo(
    () => (
      <tbody ref={body}>
        {group.map((one, at) => (
          <tr key={id(one)} aria-rowindex={start + at + FIRST_INDEX} class={at === chosen ? "chosen" : ""}>
            {columns.map(({ title, cell, isNumber }) => (
              <td key={title} data-title={title} class={isNumber && "number"}>
                {cell(one)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    ),
    // A row's id depends on nothing but the row.
    [group, columns, chosen],
  );
}
