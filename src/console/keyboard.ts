/**
 * Keys: each is a shortcut to a button that is there as well. None works while somebody types, or with a modifier, which
 * belongs to the browser.
 */
import { useEffect, useRef } from "preact/hooks";

export type Keys = Readonly<Record<string, (() => void) | null>>;

const TYPING = "input, textarea, select, [contenteditable]";
/** From the first key of two to the second. */
const SECOND_KEY_MS = 1_500;

/** `{ j: down, "g e": events }`: names of keys as `KeyboardEvent.key` has them; two with a space are one after the other. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const press = readKeys(() => current.current);
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

function readKeys(keysNow: () => Keys): (event: KeyboardEvent) => void {
  let first = "";
  let timer = 0;
  const remember = (key: string): void => {
    clearTimeout(timer);
    first = key;
    timer = window.setTimeout(() => {
      first = "";
    }, SECOND_KEY_MS);
  };
  return (event) => {
    if (isOthers(event)) return;
    const { key } = event;
    const keys = keysNow();
    const act = keys[`${first} ${key}`] ?? keys[key] ?? null;
    const isBeginning = act === null && Object.keys(keys).some((name) => name.startsWith(`${key} `));
    remember(isBeginning ? key : "");
    if (act === null) return;
    event.preventDefault();
    act();
  };
}

/** Is it the browser's, a field's, or that of a dialog in front of the page? */
function isOthers({ ctrlKey, metaKey, altKey, target }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey) return true;
  if (target instanceof Element && target.closest(TYPING) !== null) return true;
  return document.querySelector("dialog[open]") !== null;
}
