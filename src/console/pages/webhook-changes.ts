/** Changes of a webhook's settings: the fields of its form, and what a person has changed in them. */
import type { ShownWebhook } from "../../api/webhook-fields.ts";
import { parseDurationMs } from "../../core/duration.ts";
import { type Field, type Given, listIn, textIn } from "../fields.tsx";
import { rateText } from "./webhook-facts.tsx";

export const fieldsOf = (webhook: ShownWebhook): readonly Field[] => [
  { name: "url", title: "URL", value: webhook.url, isRequired: true },
  {
    name: "events",
    title: "Events",
    value: webhook.events.join(", "),
    hint: "Types or families such as job.*, with commas between; * is all of them.",
  },
  { name: "description", title: "Description", value: webhook.description },
  {
    name: "rate_limit",
    title: "Rate",
    value: rateText(webhook.rate_limit),
    placeholder: "none",
    hint: "At most so many attempts in a time, over the whole fleet: 100/1m. Empty for none.",
  },
  {
    name: "timeout_seconds",
    title: "Deadline of an attempt, in seconds",
    value: String(webhook.timeout_seconds),
  },
  { name: "max_retries", title: "Retries", value: String(webhook.max_retries) },
  {
    name: "max_in_flight",
    title: "Open POSTs per worker",
    value: String(webhook.max_in_flight),
  },
];

/** Members that differ from what the form began with; a text that cannot be read goes as it is, for the service to refuse. */
export function changesIn(given: Given, webhook: ShownWebhook): Readonly<Record<string, unknown>> {
  const readers: Readonly<Record<string, (text: string) => unknown>> = {
    events: () => listIn(given, "events"),
    rate_limit: rateIn,
    timeout_seconds: numberIn,
    max_retries: numberIn,
    max_in_flight: numberIn,
  };
  const changed = fieldsOf(webhook).filter(({ name, value = "" }) => textIn(given, name) !== value.trim());
  return Object.fromEntries(
    changed.map(({ name }) => {
      const read = readers[name] ?? ((text: string) => text);
      return [name, read(textIn(given, name))];
    }),
  );
}

const numberIn = (text: string): number | string => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text);

/** Null for none. */
function rateIn(text: string): unknown {
  if (text === "") return null;
  const [, count, span = ""] = /^(\d+) ?\/ ?(.+)$/.exec(text) ?? [];
  const spanMs = parseDurationMs(/^\d/.test(span) ? span : `1${span}`);
  return count === undefined || spanMs === null
    ? text
    : { count: Number(count), per_seconds: spanMs / 1_000 };
}
