/** The search for an id: `/` leads to it, and an id of anything leads straight to its page, or is said to be nobody's. */

import { useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Problem } from "./api.ts";
import { findById } from "./find.ts";
import { useKeys } from "./keyboard.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { PAGES } from "./page-list.ts";

const SHOWN_CHARS = 80;

const hasPage = (kind: Kind): boolean => PAGES.some(({ path }) => path === `${kind}/:id`);

const nothingHas = (id: string): string => {
  const kinds = Object.values(KINDS).join(", ");
  return `Nothing here has the id ${id.slice(0, SHOWN_CHARS)}: no delivery, ${kinds}. It may have been forgotten since.`;
};

interface Found {
  /** The page to go to; null where there is something to be said instead. */
  readonly to: string | null;
  readonly answer: string;
}

const NOTHING: Found = { to: null, answer: "" };

async function lookFor(id: string, signal: AbortSignal): Promise<Found> {
  try {
    const to = await findById(id, hasPage, signal);
    return { to, answer: to === null ? nothingHas(id) : "" };
  } catch (error) {
    return {
      to: null,
      answer: error instanceof Problem ? `${error.message}; ${error.remedy}` : String(error),
    };
  }
}

export function FindBox() {
  const input = useRef<HTMLInputElement>(null);
  const asking = useRef<AbortController | null>(null);
  const [answer, setAnswer] = useState("");
  const { route } = useLocation();
  useKeys({ "/": () => input.current?.focus() });
  const find = async (id: string): Promise<void> => {
    asking.current?.abort();
    const asked = new AbortController();
    asking.current = asked;
    setAnswer(id === "" ? "" : "Looking …");
    const { to, answer } = id === "" ? NOTHING : await lookFor(id, asked.signal);
    if (asked.signal.aborted) return;
    setAnswer(answer);
    if (to !== null) route(to);
  };
  return (
    <search class="find">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void find(input.current?.value.trim() ?? "");
        }}
      >
        <input
          ref={input}
          type="search"
          aria-label="Find by id"
          placeholder="Find by id  ( / )"
          spellcheck={false}
          onInput={() => setAnswer("")}
        />
      </form>
      <p class="found" role="status">
        {answer}
      </p>
    </search>
  );
}
