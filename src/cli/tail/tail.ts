/**
 * `hookwave tail`: attempts as they are made, a line for each, until Ctrl-C. When the connection is lost it comes back to
 * where it was, and so misses nothing that the service still has.
 */
import { setTimeout as pause } from "node:timers/promises";
import { droppedNotice, type LiveRow, liveRow } from "../../api/live-frames.ts";
import { LIVE_OUTCOMES } from "../../api/routes/live.ts";
import { endpointId } from "../../api/routing.ts";
import { HookwaveError } from "../../core/errors.ts";
import type { ApiClient, ApiRequest } from "../api-client.ts";
import type { Invocation } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { printable } from "../printable.ts";
import { Refused } from "../refused.ts";
import { ended, type Report } from "../report.ts";
import { withApi } from "../service-access.ts";
import { HUES } from "../state-hues.ts";
import type { Style, Terminal } from "../terminal.ts";
import { listenForStop } from "../told-to-stop.ts";
import { choice, readOption, TYPES } from "../values.ts";
import { type ServerEvent, serverEvents } from "./server-events.ts";

const RETRY_MS = 1_000;
const NAME_CHARACTERS = 100;

export async function tail(asked: Invocation, terminal: Terminal): Promise<Report> {
  const filter = {
    endpoint: readOption(asked, "endpoint", { expected: "an endpoint's id", schema: endpointId }),
    type: readOption(asked, "type", TYPES),
    outcome: choice(asked, "outcome", LIVE_OUTCOMES),
  };
  const show = asked.has("json") ? jsonLine : (one: ServerEvent) => textLine(one, terminal.style);
  const over = new AbortController();
  const stop = listenForStop(() => undefined);
  void stop.asked.then(() => over.abort());
  try {
    await withApi(asked, (api) => follow(api, filter, show, terminal, over.signal));
    return ended(EXIT.ok);
  } finally {
    stop.ignore();
  }
}

interface Place {
  /** The id of what came last. */
  after: string | undefined;
  hasBegun: boolean;
  isLost: boolean;
}

/** Until it is told to end. Rejects where it is refused, or where nothing answers in the first place. */
async function follow(
  api: ApiClient,
  filter: ApiRequest["query"],
  show: (one: ServerEvent) => string,
  { write, writeError }: Terminal,
  stopping: AbortSignal,
): Promise<void> {
  const place: Place = { after: undefined, hasBegun: false, isLost: false };
  const readOn = async (): Promise<void> => {
    const query = { ...filter, after: place.after };
    const pieces = await api.askStream({ path: ["live"], query }, stopping);
    if (place.isLost) writeError("back again\n");
    Object.assign(place, { hasBegun: true, isLost: false });
    for await (const one of serverEvents(pieces)) {
      place.after = one.id ?? place.after;
      if (one.data !== "") write(`${show(one)}\n`);
    }
  };
  while (!stopping.aborted) {
    await readOn().catch((error: unknown) => {
      const isOver = !place.hasBegun || !isPassing(error);
      if (isOver && !stopping.aborted) throw error;
    });
    if (stopping.aborted) return;
    if (!place.isLost) writeError("the service is gone; trying again\n");
    place.isLost = true;
    await pause(RETRY_MS, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** The key may have been revoked, which no waiting mends; a connection that breaks is no error of ours at all. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof HookwaveError) && !(error instanceof Refused)) return true;
  return ["API_UNAVAILABLE", "REDIS_UNAVAILABLE", "RATE_LIMITED"].includes(error.code);
}

const jsonLine = ({ event, data }: ServerEvent): string =>
  JSON.stringify({ kind: event, ...Object(JSON.parse(data)) });

function textLine({ event, data }: ServerEvent, style: Style): string {
  if (event === "attempt") return attemptLine(liveRow.parse(JSON.parse(data)), style);
  const { count } = droppedNotice.parse(JSON.parse(data));
  return style("yellow", `${count ?? "some"} attempts are left out here`);
}

function attemptLine(row: LiveRow, style: Style): string {
  const answer = row.error_message ?? `HTTP ${row.response_status}`;
  const next = row.next_retry_at === null ? "" : `, next at ${row.next_retry_at}`;
  return [
    style("dim", row.created_at),
    style(HUES[row.status], row.status.padEnd("delivered".length)),
    ...[row.event, row.event_id].map((name) => printable(name, NAME_CHARACTERS)),
    `→ ${row.webhook_id}`,
    `${printable(answer, NAME_CHARACTERS)} in ${Math.round(row.duration_ms)} ms, attempt ${row.attempt_count}${next}`,
  ].join("  ");
}
