/** `hookwave callbacks …`: what came in, one whole, and publishing it as an event. Anybody may have written what is shown here. */
import {
  callbackPage,
  callbackSchema,
  type ShownCallback,
  type ShownWholeCallback,
  wholeCallbackSchema,
} from "../../api/callback-fields.ts";
import { forwardedCallback } from "../../api/routes/callbacks.ts";
import { CALLBACK_SIGNATURES } from "../../core/callback.ts";
import type { Invocation } from "../command-line.ts";
import { moreWith, placeAsked, readUpTo } from "../pages.ts";
import { printable } from "../printable.ts";
import { type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";
import { stateCell } from "../state-hues.ts";
import type { Cell, Shown } from "../table.ts";
import { choice, isoAsked, readOption, TYPES } from "../values.ts";

const PATH = "callbacks";
const TEXT_MAX = 60;
const LINE_MAX = 10_000;

export async function listCallbacks(asked: Invocation): Promise<Report> {
  const query = {
    source: asked.one("source"),
    type: readOption(asked, "type", TYPES),
    signature: choice(asked, "signature", CALLBACK_SIGNATURES),
    seen: asked.has("unseen") ? "false" : undefined,
    since: isoAsked(asked, "since"),
    until: isoAsked(asked, "until"),
  };
  const listed = await withApi(asked, (api) =>
    readUpTo(
      (place) => api.ask({ path: [PATH], query: { ...query, ...place } }, callbackPage),
      placeAsked(asked),
    ),
  );
  if (listed.data.length === 0 && listed.next === null)
    return report("no callbacks here; `hookwave sources list` says where they come in", listed);
  const head = ["ID", "RECEIVED AT", "SOURCE", "SIGNATURE", "TYPE", "CALLBACK", "COPIES", "SEEN"];
  const rows = listed.data.map((one) => [
    one.id,
    one.received_at,
    one.source,
    signatureCell(one),
    printable(one.type ?? "–", TEXT_MAX),
    printable(one.callback_id, TEXT_MAX),
    String(one.copies),
    one.seen_at === null ? "–" : "seen",
  ]);
  return report([{ head, rows, rightAligned: [head.indexOf("COPIES")] }, ...moreWith(listed.next)], listed);
}

export async function showCallback(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const callback = await askApi(asked, { path: [PATH, id] }, wholeCallbackSchema);
  return report(portrait(callback), callback);
}

/** One after the other: an id that nothing has ends it, and those before it have been seen. */
export async function markCallbacksSeen(asked: Invocation): Promise<Report> {
  const seen = await withApi(asked, async (api) => {
    const shown: ShownCallback[] = [];
    for (const id of asked.operands)
      shown.push(await api.ask({ method: "POST", path: [PATH, id, "seen"], body: "{}" }, callbackSchema));
    return shown;
  });
  return report(seen.map(({ id }) => `${id} has been seen`).join("\n"), seen);
}

export async function forwardCallback(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const body = JSON.stringify({ endpoint: asked.one("endpoint") });
  const request = { method: "POST", path: [PATH, id, "forward"], body } as const;
  const forwarded = await askApi(asked, request, forwardedCallback, true);
  return report(`published ${forwarded.event_id}, ${forwarded.type} with its body as data`, forwarded);
}

const signatureCell = ({ signature, accepted }: ShownCallback): Cell =>
  stateCell(signature, accepted ? signature : `${signature}, refused`);

function portrait(callback: ShownWholeCallback): Shown {
  const about: readonly (readonly Cell[])[] = [
    ["id", callback.id],
    ["source", callback.source],
    ["callback", printable(callback.callback_id, LINE_MAX)],
    ["type", printable(callback.type ?? "–", LINE_MAX)],
    ["signature", signatureCell(callback)],
    ...(callback.reason === null ? [] : [["because", printable(callback.reason, LINE_MAX)]]),
    ["received", callback.received_at],
    ["copies", String(callback.copies)],
    ["forwards", String(callback.forwards)],
    ["seen", callback.seen_at ?? "–"],
    ["bytes", `${callback.body_bytes}${callback.is_truncated ? ", the beginning is kept" : ""}`],
    ...Object.entries(callback.headers).map(([name, value]) => [name, printable(value, LINE_MAX)]),
  ];
  // Line by line, since a terminal would obey what is in it; `--json` has it as it came.
  const lines = callback.body.split("\n").map((line) => printable(line, LINE_MAX));
  return [{ rows: about }, "", ...(callback.body_encoding === "base64" ? ["base64:"] : []), ...lines];
}
