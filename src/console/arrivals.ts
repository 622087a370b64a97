/**
 * Arrivals: callbacks that come in while somebody looks at any page, each told by a toast that leads to it. An
 * installation that receives none is asked only now and then.
 */
import { signal } from "@preact/signals";
import type { ShownCallback } from "../api/callback-fields.ts";
import type { Page } from "../core/page.ts";
import { ask, Problem } from "./api.ts";
import { api, page, withQuery } from "./places.ts";
import { toast } from "./toasts.tsx";
import { plural } from "./words.tsx";

interface CallbackPage extends Page<ShownCallback> {
  /** The place after the latest that there is. */
  readonly latest: string;
}

/** Counts times that something has come in: lists read again then. */
export const arrivals = signal(0);

const EVERY_MS = 5_000;
const TOLD_MAX = 3;

/** Resolves with the place to go on from. Throws a Problem. */
async function readSince(after: string): Promise<string> {
  const asked = withQuery(api("callbacks"), { order: "oldest", after, limit: 100 });
  const { data, next, latest } = await ask<CallbackPage>(asked);
  if (data.length > 0) arrivals.value += 1;
  for (const callback of data.slice(0, TOLD_MAX)) tellOf(callback);
  if (data.length > TOLD_MAX)
    toast(`${plural(data.length - TOLD_MAX, "more callback")} came in`, "news", page("callbacks"));
  return next ?? latest;
}

function tellOf({ id, source, type, signature }: ShownCallback): void {
  const text = `${source}: ${type ?? "a callback"}${signature === "valid" ? "" : `, ${signature}`}`;
  toast(text, signature === "invalid" ? "bad" : "news", page("callbacks", id));
}

/** Watches until the function that it returns is called. */
export function watchArrivals(): () => void {
  let place: string | null = null;
  const look = async (): Promise<void> => {
    if (document.visibilityState !== "visible") return;
    try {
      place =
        place === null
          ? (await ask<CallbackPage>(withQuery(api("callbacks"), { limit: 1 }))).latest
          : await readSince(place);
    } catch (error) {
      // The page itself says that the service does not answer; a place that is gone is asked for anew.
      if (!(error instanceof Problem)) throw error;
      if (error.code === "CURSOR_INVALID") place = null;
    }
  };
  void look();
  const timer = setInterval(() => void look(), EVERY_MS);
  return () => clearInterval(timer);
}
