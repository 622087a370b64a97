/**
 * A list as a table. Groups of its rows cost nothing while nobody sees them, and far away they are but a place of their
 * height; j and k go from row to row, Enter opens one. On a narrow screen each row becomes a card.
 */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Empty, type Listed, Refused, Waiting } from "./answers.tsx";
import { useKeys } from "./keyboard.ts";
import { watchNearness } from "./nearness.ts";
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
  const { route } = useLocation();
  const rows = pages.flat();
  const choose = (index: number): void => {
    setChosen(Math.max(0, Math.min(rows.length - 1, index)));
  };
  const groups = useGroups(pages);
  const row = rows[chosen];
  useKeys({
    j: () => choose(chosen + 1),
    k: () => choose(chosen - 1),
    Enter: row === undefined ? null : () => route(href(row)),
  });
  return (
    <table class="data" aria-label={what} aria-rowcount={rows.length + 1} style={templateOf(columns)}>
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
          <Group
            key={start}
            start={start}
            group={group}
            columns={columns}
            id={id}
            chosen={isHere ? chosen - start : -1}
          />
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

/** On a first screen they are there at once; of others the observer tells before one comes to them. */
const FIRST_ROWS = 40;
/** The header's is the first. */
const FIRST_INDEX = 2;

interface GroupProps<Row> extends Placed<Row>, Pick<Props<Row>, "columns" | "id"> {
  /** Of this group; -1 where none of it is. */
  readonly chosen: number;
}

/** Neighbours. They are drawn once, and again only for a choice among them; out of sight their times stand still. */
function Group<Row>({ start, group, columns, id, chosen }: GroupProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const isInSight = useSignal(true);
  const [away, setAway] = useState(start < FIRST_ROWS ? null : heightOf(group));
  useEffect(() => {
    const { current } = body;
    if (current === null) return;
    const hear = (event: Event): void => {
      if ("skipped" in event) isInSight.value = event.skipped === false;
    };
    current.addEventListener("contentvisibilityautostatechange", hear);
    const ignore = watchNearness(current, (isNear) => {
      setAway((before) => (isNear ? null : (before ?? `${current.getBoundingClientRect().height}px`)));
    });
    return () => {
      current.removeEventListener("contentvisibilityautostatechange", hear);
      ignore();
    };
  }, [isInSight]);
  useEffect(() => {
    const row = body.current?.rows[chosen];
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector("a")?.focus({ preventScroll: true });
  }, [chosen]);
  const height = chosen === -1 ? away : null;
  return useMemo(
    () => (
      <InSight.Provider value={isInSight}>
        <tbody ref={body} style={{ "--rows": group.length, height }}>
          {height === null &&
            group.map((one, at) => (
              <tr
                key={id(one)}
                aria-rowindex={start + at + FIRST_INDEX}
                class={at === chosen ? "chosen" : ""}
              >
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
    [group, columns, chosen, height, isInSight],
  );
}

/** Before it has been drawn. */
const heightOf = (group: readonly unknown[]): string => `calc(${group.length} * var(--row-height))`;
