/** The frame around every page: where one is, where one can go, the search for an id, and who is signed in. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { watchArrivals } from "./arrivals.ts";
import { FindBox } from "./find-box.tsx";
import { KeyHelp } from "./key-help.tsx";
import { useKeys } from "./keyboard.ts";
import { PAGES } from "./page-list.ts";
import { CONSOLE_PATH, page } from "./places.ts";
import { session, signOut } from "./session.ts";
import { THEMES, theme } from "./theme.ts";
import { Toasts, toast } from "./toasts.tsx";

export function Shell({ children }: { readonly children: ComponentChildren }) {
  const { path, route } = useLocation();
  const [isHelping, setHelping] = useState(false);
  const main = useRef<HTMLElement>(null);
  const goTo = PAGES.flatMap(({ key, path: to }) =>
    key === null ? [] : [[`g ${key}`, () => route(page(to))]],
  );
  useKeys({ ...Object.fromEntries(goTo), "?": () => setHelping(true) });
  const title = PAGES.find((one) => isPage(path, one.path))?.title ?? "Hookwave";
  useEffect(() => {
    document.title = `${title} · Hookwave`;
  }, [title]);
  useEffect(watchArrivals, []);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <a class="brand" href={CONSOLE_PATH}>
          Hookwave
        </a>
        <FindBox />
        <button type="button" class="quiet" aria-label="Keys" onClick={() => setHelping(true)}>
          ?
        </button>
        <select
          aria-label="Colours"
          value={theme.value}
          onChange={({ currentTarget }) => {
            theme.value = THEMES.find((one) => one === currentTarget.value) ?? "system";
          }}
        >
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <Who />
      </header>
      <nav class="pages" aria-label="Pages">
        {PAGES.map(({ path: to, nav }) =>
          nav === null ? null : (
            <a key={to} href={page(to)} aria-current={isAt(path, to) ? "page" : undefined}>
              {nav}
            </a>
          ),
        )}
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <Toasts />
      {isHelping && <KeyHelp close={() => setHelping(false)} />}
    </>
  );
}

const partsOf = (path: string): readonly string[] =>
  path.slice(CONSOLE_PATH.length).replace(/\/$/, "").split("/");

/** Is this URL's path that of this very page? */
function isPage(path: string, of: string): boolean {
  const [parts, pattern] = [partsOf(path), of.split("/")];
  return (
    parts.length === pattern.length && pattern.every((one, at) => one.startsWith(":") || one === parts[at])
  );
}

/** Is this URL's path one of that page, or of what lies below it? */
const isAt = (path: string, of: string): boolean => partsOf(path)[0] === of.split("/")[0];

function Who() {
  const by = session.value?.by ?? null;
  if (by === null || session.value?.needs_key === false) return null;
  const leave = (): void => {
    signOut().catch((error: unknown) => toast(String(error), "bad"));
  };
  return (
    <>
      <span class="who" title={`${by.key_id}: ${by.roles.join(", ")}`}>
        {by.name}
      </span>
      <button type="button" class="quiet" onClick={leave}>
        Sign out
      </button>
    </>
  );
}
