/**
 * Keys: each is a shortcut to a button that is there as well. None works while somebody types, or with a modifier, which
 * belongs to the browser.
 */
import { useEffect, useRef } from "preact/hooks";

export type Keys = Readonly<Record<string, (() => void) | null>>;

const TYPING = `input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]`;
/** Elements that the space bar presses. */
const PRESSED = "button, summary, input";
/** From the first key of two to the second. */
const SECOND_KEY_MS = 1_500;

/** `{ j: down, "g e": events }`: names of keys as `KeyboardEvent.key` has them; two with a space are one after the other. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const keysNow = (): Keys => current.current;
    if (users.size === 0) addEventListener("keydown", press);
    users.add(keysNow);
    return () => {
      users.delete(keysNow);
      if (users.size === 0) removeEventListener("keydown", press);
    };
  }, []);
}

/** All parts that have keys now. Together, or the second of two keys would be the only one for another part. */
const users = new Set<() => Keys>();
let first = "";
let timer = 0;

function remember(key: string): void {
  clearTimeout(timer);
  first = key;
  timer = window.setTimeout(() => {
    first = "";
  }, SECOND_KEY_MS);
}

function press(event: KeyboardEvent): void {
  if (isOthers(event)) return;
  const { key } = event;
  const all = [...users].map((keysNow) => keysNow());
  const actOf = (name: string): (() => void) | null =>
    all.map((keys) => keys[name] ?? null).findLast((act) => act !== null) ?? null;
  const act = actOf(`${first} ${key}`) ?? actOf(key);
  const names = all.flatMap((keys) => Object.keys(keys));
  remember(act === null && names.some((name) => name.startsWith(`${key} `)) ? key : "");
  if (act === null) return;
  event.preventDefault();
  act();
}

/** Is it the browser's, a field's, or that of a dialog in front of the page? */
function isOthers({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey) return true;
  if (key === " " && target instanceof Element && target.closest(PRESSED) !== null) return true;
  if (target instanceof Element && target.closest(TYPING) !== null) return true;
  return document.querySelector("dialog[open]") !== null;
}
