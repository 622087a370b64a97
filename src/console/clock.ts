/** The browser's clock: the console runs in other people's browsers, where nothing composes it. */
import { signal } from "@preact/signals";

export const now = (): number => Date.now();

const EACH_MS = 1_000;
let timer = 0;

/** The time, to a second; it goes on only while somebody reads it. */
export const second = signal(now(), {
  watched() {
    second.value = now();
    timer = window.setInterval(() => {
      second.value = now();
    }, EACH_MS);
  },
  unwatched: () => clearInterval(timer),
});
