/** The search for an id: `/` leads to it, and an id of anything leads straight to its page. */

import { useRef } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { useKeys } from "./keyboard.ts";
import { page } from "./places.ts";

/** Beginnings of ids, each with the page of what has such an id. An event's id may be anything, so that it comes last. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^[^.\s]+\.(?:ep|dst)?[^.\s]+$/, "deliveries"],
  [/^ep_/, "webhooks"],
  [/^rpl_/, "replays"],
  [/^cb_/, "callbacks"],
];

export const pageOfId = (id: string): string =>
  page(KINDS.find(([pattern]) => pattern.test(id))?.[1] ?? "events", id);

export function FindBox() {
  const input = useRef<HTMLInputElement>(null);
  const { route } = useLocation();
  useKeys({ "/": () => input.current?.focus() });
  return (
    <search class="find">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const id = input.current?.value.trim() ?? "";
          if (id !== "") route(pageOfId(id));
        }}
      >
        <input
          ref={input}
          type="search"
          aria-label="Find by id"
          placeholder="Find by id  ( / )"
          spellcheck={false}
        />
      </form>
    </search>
  );
}
