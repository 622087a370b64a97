/**
 * The state of the migration, for an operator at night: what the phase means, who set it and why, when it ends, what the
 * environment says, what waits, and the latest changes. Other people's words are shown as one line each.
 */

import type { ShownMigration } from "../api/migration-fields.ts";
import { roughSpan } from "../core/duration.ts";
import { PHASE_MEANINGS, sharesInWords } from "../core/migration-words.ts";
import { printable } from "./printable.ts";
import type { Shown, Table } from "./table.ts";

const CHANGES_SHOWN = 5;
const WORDS_MAX_CHARS = 200;

export function migrationText(shown: ShownMigration, nowMs: number): Shown {
  const { phase, since, by, reason, backlog, late, bus } = shown;
  const ago = (time: string): string => `${time} (${roughSpan(Math.max(0, nowMs - Date.parse(time)))} ago)`;
  const rows = [
    ["phase", `${phase}: ${PHASE_MEANINGS[phase]}`],
    ["since", since === null ? "nobody has set it" : ago(since)],
    ["by", words(by)],
    ["because", words(reason ?? "–")],
    ["ends", endText(shown, nowMs)],
    ["share", sharesInWords(shown.shares)],
    ["environment", environmentText(shown)],
    ["backlog", `${backlog} event${plural(backlog)} whose webhooks are kept`],
    ["late", `${late} event${plural(late)} that wait${late === 1 ? "s" : ""} for the bus`],
    ["list", bus.list_length === null ? "none, or no answer" : `${bus.list_length} entries`],
    ["listeners", listenersText(bus.listeners)],
  ];
  return [{ rows }, "", changesTable(shown.history)];
}

const words = (text: string): string => printable(text, WORDS_MAX_CHARS);
const plural = (count: number): string => (count === 1 ? "" : "s");

function endText({ until, return_to: to }: ShownMigration, nowMs: number): string {
  if (until === null || to === null) return "not by itself";
  const left = Date.parse(until) - nowMs;
  return `by itself at ${until}, ${left > 0 ? `in ${roughSpan(left)}` : "now"}, and ${to} comes back`;
}

function environmentText({ environment, phase }: ShownMigration): string {
  if (environment === null) return "says nothing (ENABLE_REDIS_FALLBACK is not set)";
  if (environment.phase === phase) return `says ${phase}, too`;
  return `said ${environment.phase}; the later statement wins, and that was ${phase}`;
}

function listenersText(listeners: number | null): string {
  if (listeners === null) return "no channel, or no answer";
  return listeners === 0 ? "0: nobody listens to the channel" : String(listeners);
}

function changesTable(history: ShownMigration["history"]): string | Table {
  if (history.length === 0) return "  no changes yet";
  const rows = history.slice(0, CHANGES_SHOWN).map(({ at, from, to, until, by, reason }) => {
    const end = until === null ? "" : `until ${until}`;
    return [at, `${from} → ${to}`, words(by), words(reason ?? ""), end];
  });
  return { head: ["CHANGED AT", "FROM → TO", "BY", "BECAUSE", ""], rows };
}
