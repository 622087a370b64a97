/**
 * Answers that a page has asked for, in each of their states: under way, refused, empty, there. Nothing that was shown goes while it
 * is asked for again.
 */
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Page } from "../core/page.ts";
import { ask, Problem } from "./api.ts";
import { type Query, withQuery } from "./places.ts";

export interface Answered<Value> {
  /** Null until it is there. */
  readonly value: Value | null;
  readonly problem: Problem | null;
  readonly isAsking: boolean;
  readonly again: () => void;
}

/** A failure of the page itself is no answer of the service: it is shown as what it is. */
const problemOf = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem({
        code: "PAGE",
        expected: "a page that works",
        got: String(error),
        remedy: "reload it, and tell us",
      });

/** Asks by `read` whenever `key` changes, and every `everyMs` where that is given and somebody looks. */
export function useAsked<Value>(
  key: string,
  read: (signal: AbortSignal) => Promise<Value>,
  everyMs: number | null = null,
): Answered<Value> {
  const [state, setState] = useState<{ key: string; value: Value | null; problem: Problem | null }>({
    key,
    value: null,
    problem: null,
  });
  const [turn, setTurn] = useState(0);
  const [isAsking, setAsking] = useState(true);
  const isOpen = useRef(false);
  const reading = useRef(read);
  reading.current = read;
  useEffect(() => {
    const asked = new AbortController();
    setAsking(true);
    isOpen.current = true;
    reading
      .current(asked.signal)
      .then((value) => ({ key, value, problem: null }))
      .catch((error: unknown) => (before: typeof state) => ({
        key,
        value: before.key === key ? before.value : null,
        problem: problemOf(error),
      }))
      .then((next) => {
        if (asked.signal.aborted) return;
        isOpen.current = false;
        setState(next);
        setAsking(false);
      });
    return () => asked.abort();
  }, [key, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    if (everyMs === null) return;
    // An answer that takes longer than that is waited for: asking anew would give it up each time.
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && !isOpen.current) again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, again]);
  const current = state.key === key ? state : { value: null, problem: null };
  return { value: current.value, problem: current.problem, isAsking, again };
}

/** One document of the API. */
export const useAnswer = <Value,>(url: string, everyMs: number | null = null): Answered<Value> =>
  useAsked<Value>(url, (signal) => ask<Value>(url, { signal }), everyMs);

export interface Listed<Row> extends Omit<Answered<readonly (readonly Row[])[]>, "value"> {
  /** Page after page, as they were asked for; null until the first is there. */
  readonly pages: readonly (readonly Row[])[] | null;
  /** Null where there is no more. */
  readonly more: (() => void) | null;
}

const PAGE_ROWS = 100;
/** Pages in which a filter found nothing, read in one go before somebody is asked whether to go on. */
const EMPTY_PAGES = 10;

/** A list of the API, from its beginning; `more` goes on by its cursor. One that is about a document takes that as JSON text. */
export function useList<Row>(url: string, asked: Query, about: string | null = null): Listed<Row> {
  const query = { ...asked, limit: PAGE_ROWS };
  const key = `${withQuery(url, query)} ${about ?? ""}`;
  const [grown, setGrown] = useState<{
    key: string;
    pages: readonly (readonly Row[])[];
    next: string | null;
  }>({
    key: "",
    pages: [],
    next: null,
  });
  const [problem, setProblem] = useState<Problem | null>(null);
  const first = useAsked(key, (signal) => readFrom<Row>(url, query, null, about, signal));
  const pages = first.value === null ? null : [first.value.data, ...(grown.key === key ? grown.pages : [])];
  const next = grown.key === key ? grown.next : (first.value?.next ?? null);
  const growing = useRef("");
  const more = async (): Promise<void> => {
    // Asked for by a scroll as well as by a click: once for each place.
    const place = `${key} ${next}`;
    if (growing.current === place) return;
    growing.current = place;
    try {
      const page = await readFrom<Row>(url, query, next, about);
      setGrown((before) => ({
        key,
        pages: [...(before.key === key ? before.pages : []), page.data],
        next: page.next,
      }));
      setProblem(null);
    } catch (error) {
      growing.current = "";
      setProblem(problemOf(error));
    }
  };
  return {
    pages,
    problem: problem ?? first.problem,
    isAsking: first.isAsking,
    more: next === null ? null : () => void more(),
    again: () => {
      growing.current = "";
      setGrown({ key: "", pages: [], next: null });
      first.again();
    },
  };
}

/** A filter that is strict may find nothing for pages. */
async function readFrom<Row>(
  url: string,
  query: Query,
  after: string | null,
  about: string | null,
  signal?: AbortSignal,
): Promise<Page<Row>> {
  const request = {
    ...(about !== null && { method: "POST" as const, body: about }),
    ...(signal !== undefined && { signal }),
  };
  let page = await ask<Page<Row>>(withQuery(url, { ...query, after }), request);
  for (let empty = 1; empty < EMPTY_PAGES && page.data.length === 0 && page.next !== null; empty += 1)
    page = await ask<Page<Row>>(withQuery(url, { ...query, after: page.next }), request);
  return page;
}

export function Refused({ problem, again }: { readonly problem: Problem; readonly again?: () => void }) {
  return (
    <div class="refused" role="alert">
      <p>
        <strong>{problem.code}</strong>: expected {problem.expected}, got {problem.got}.
      </p>
      <p>{problem.remedy}</p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** `empty` says what would fill it, and with which command. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}

export function Waiting({ what }: { readonly what: string }) {
  return (
    <p class="waiting" role="status">
      Reading {what} …
    </p>
  );
}

/** Shows what was asked for once it is there; a refusal stands above what was read before it. */
export function Shown<Value>({
  asked,
  what,
  children,
}: {
  readonly asked: Answered<Value>;
  readonly what: string;
  readonly children: (value: Value) => ComponentChildren;
}) {
  const { value, problem, again } = asked;
  return (
    <>
      {problem !== null && <Refused problem={problem} again={again} />}
      {value === null ? problem === null && <Waiting what={what} /> : children(value)}
    </>
  );
}
