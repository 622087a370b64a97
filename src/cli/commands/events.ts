/** `hookwave events …` and `hookwave trigger`: what was published, what became of it, and sending it again. */
import { isoOf } from "../../api/json-names.ts";
import {
  type EventInJson,
  eventPage,
  replayedEvent,
  wholeEventSchema,
} from "../../api/routes/event-records.ts";
import { eventTypePage } from "../../api/routes/event-types.ts";
import { storedEvent } from "../../api/routes/events.ts";
import { nearest } from "../../config/nearest.ts";
import { system } from "../../config/system.ts";
import { elementTexts, memberTexts } from "../../core/json-text.ts";
import type { ApiClient } from "../api-client.ts";
import { askWithText, showAsItCame } from "../as-it-came.ts";
import { type Invocation, usage } from "../command-line.ts";
import { deliveriesTable } from "../delivery-rows.ts";
import { EXIT } from "../exit-codes.ts";
import { moreWith, PAGE_MAX, type Place, placeAsked, readUpTo } from "../pages.ts";
import { printable } from "../printable.ts";
import { ended, type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";
import type { Shown } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { MOMENT, readOption, TYPES } from "../values.ts";

const PATH = "events";
const DATA_MAX = 60;
/** Without `--since` and `--after`. */
const RECENT_MS = 3_600_000;

/** Events as they came. A page of the feed is bounded in bytes and in what it looks at, too, so it takes as many as it takes. */
export async function listEvents(asked: Invocation, { write }: Terminal): Promise<Report> {
  const place = placeAsked(asked, PAGE_MAX);
  const sinceMs =
    readOption(asked, "since", MOMENT) ?? (place.after === undefined ? system.now() - RECENT_MS : null);
  const filter = { since: isoOf(sinceMs ?? undefined), type: readOption(asked, "type", TYPES) };
  /** A feed that has come to its end has no next, and whoever follows it goes on from there. */
  let reached: string | null = null;
  const readPage = async (api: ApiClient, one: Place) => {
    const { json, answer } = await askWithText(
      api,
      { path: [PATH], query: { ...filter, ...one } },
      eventPage,
    );
    reached = answer.next ?? reached;
    const texts = elementTexts(memberTexts(json).get("data") ?? "[]");
    const data = answer.data.map((event, index) => ({ event, text: texts[index] ?? "{}" }));
    return { data, next: answer.next };
  };
  const { data, next } = await withApi(asked, (api) => readUpTo((one) => readPage(api, one), place));
  if (!asked.has("json")) return report(eventsTable(data, next), undefined);
  write(`{"data":[${data.map(({ text }) => text).join(",")}],"next":${JSON.stringify(reached)}}\n`);
  return ended(EXIT.ok);
}

interface ListedEvent {
  readonly event: EventInJson;
  readonly text: string;
}

function eventsTable(listed: readonly ListedEvent[], next: string | null): Shown {
  if (listed.length === 0) return "no events here; `--since 24h` looks further back";
  const rows = listed.map(({ event: { id, type, timestamp }, text }) => [
    id,
    type,
    timestamp,
    printable(memberTexts(text).get("data") ?? "", DATA_MAX),
  ]);
  return [{ head: ["ID", "TYPE", "TIMESTAMP", "DATA"], rows }, ...moreWith(next)];
}

export async function showEvent(asked: Invocation, terminal: Terminal): Promise<Report> {
  const [id = ""] = asked.operands;
  return await showAsItCame(asked, terminal, { path: [PATH, id] }, wholeEventSchema, (event, json) => {
    const rows = [
      ["id", event.id],
      ["type", event.type],
      ["timestamp", event.timestamp],
      ["accepted", event.accepted_at],
      ...event.destinations.map(({ url }) => ["destination", url]),
    ];
    const { data, next } = event.deliveries;
    const more =
      next === null ? [] : [`more with hookwave deliveries list --event ${event.id} --after ${next}`];
    return [{ rows }, "", deliveriesTable(data), ...more, "", memberTexts(json).get("data") ?? ""];
  });
}

export async function replayEvent(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const query = { endpoint: asked.one("endpoint") };
  const request = { method: "POST", path: [PATH, id, "replay"], query } as const;
  const replayed = await askApi(asked, request, replayedEvent);
  const { started, brought_forward: broughtForward } = replayed;
  const text = `${started} begin again, ${broughtForward} that waited are tried now`;
  return report(text, replayed);
}

/** An event of a known type with its example as data: what a receiver of it will see. */
export async function triggerEvent(asked: Invocation): Promise<Report> {
  const [type = ""] = asked.operands;
  const stored = await withApi(asked, async (api) => {
    const { data: types } = await api.ask({ path: ["event-types"] }, eventTypePage);
    const known = types.find((one) => one.type === type);
    if (known === undefined) {
      const names = types.map((one) => one.type);
      throw usage(`one of ${names.join(", ")}`, JSON.stringify(type), nearest(type, names));
    }
    const body = JSON.stringify({ type, id: asked.one("id"), data: known.example });
    return await api.ask({ method: "POST", path: [PATH], body }, storedEvent);
  });
  return report(`published ${stored.id}, ${type} with its example as data`, stored);
}
