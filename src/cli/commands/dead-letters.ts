/** `hookwave dead-letters …`: looks at what was given up, sends it again, or removes it. */
import {
  letterPage,
  type ShownLetter,
  type ShownWholeLetter,
  showFilter,
  wholeLetterSchema,
} from "../../api/letter-fields.ts";
import { purgedLetters, replayedLetter } from "../../api/routes/dead-letters.ts";
import { type ShownReplay, shownReplay } from "../../api/routes/replays.ts";
import { system } from "../../config/system.ts";
import { memberTexts } from "../../core/json-text.ts";
import type { LetterFilter } from "../../core/letter.ts";
import type { ApiClient, ApiRequest } from "../api-client.ts";
import { showAsItCame } from "../as-it-came.ts";
import { type Invocation, usage } from "../command-line.ts";
import { attemptsTable } from "../delivery-rows.ts";
import { hasLetterFilter, letterFilter, RATE } from "../letter-filter.ts";
import { moreWith, type Place, placeAsked, readUpTo } from "../pages.ts";
import { followReplay, replayReport } from "../replay-progress.ts";
import { type Report, report } from "../report.ts";
import { askApi, withApi } from "../service-access.ts";
import type { Shown } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { readOption } from "../values.ts";

const PATH = "dead-letters";

export async function listDeadLetters(asked: Invocation): Promise<Report> {
  const filter = letterFilter(asked);
  const place = placeAsked(asked);
  const listed = await withApi(asked, (api) => list(api, filter, place));
  return report(tableOf(listed), listed);
}

function pageOf(api: ApiClient, filter: LetterFilter, about: ApiRequest["query"]) {
  return api.ask({ path: [PATH], query: { ...showFilter(filter), ...about } }, letterPage);
}

async function list(api: ApiClient, filter: LetterFilter, place: Place) {
  let total: number | undefined;
  const listed = await readUpTo<ShownLetter>(async (one) => {
    const page = await pageOf(api, filter, { ...one, total: String(total === undefined) });
    total ??= page.total ?? 0;
    return page;
  }, place);
  return { ...listed, total: total ?? 0 };
}

export async function showDeadLetter(asked: Invocation, terminal: Terminal): Promise<Report> {
  const [id = ""] = asked.operands;
  return await showAsItCame(asked, terminal, { path: [PATH, id] }, wholeLetterSchema, (letter, json) =>
    portrait(letter, memberTexts(json).get("data") ?? ""),
  );
}

export async function replayDeadLetters(asked: Invocation, terminal: Terminal): Promise<Report> {
  const [id] = asked.operands;
  if ((id === undefined) !== asked.has("all"))
    throw usage("dead-letters replay <id>, or --all", id === undefined ? "neither" : "both");
  if (id === undefined) return await replayAll(asked, terminal);
  if (hasLetterFilter(asked) || asked.has("rate") || asked.has("to"))
    throw usage("dead-letters replay --all with these options", "an id beside them");
  const path = [PATH, id, "replay"];
  return report(`replayed ${id}`, await askApi(asked, { method: "POST", path }, replayedLetter));
}

export async function purgeDeadLetters(asked: Invocation): Promise<Report> {
  if (!asked.has("yes"))
    throw usage("dead-letters purge --yes, because it removes them for good", "no --yes");
  const asking = letterFilter(asked);
  // A letter that is buried from now on has not been thought of.
  const filter = { ...asking, until: asking.until ?? system.now() };
  const { purged } = await withApi(asked, async (api) => {
    const { total = 0 } = await pageOf(api, filter, { limit: 1, total: "true" });
    const body = JSON.stringify({ filter: showFilter(filter), confirm_count: total });
    return await api.ask({ method: "POST", path: [PATH, "purge"], body }, purgedLetters);
  });
  return report(`purged ${purged}`, { purged });
}

async function replayAll(asked: Invocation, terminal: Terminal): Promise<Report> {
  const filter = letterFilter(asked);
  const to = asked.one("to");
  const rate = readOption(asked, "rate", RATE);
  const body = JSON.stringify({ filter: showFilter(filter), rate, to_endpoint_id: to });
  const begin = async (api: ApiClient): Promise<ShownReplay> => {
    const { id } = await api.ask({ method: "POST", path: ["replays"], body }, shownReplay);
    return await followReplay(api, id, asked, terminal);
  };
  return replayReport(await withApi(asked, begin, to !== undefined));
}

function tableOf({ data, next, total }: Awaited<ReturnType<typeof list>>): Shown {
  if (data.length === 0 && next === null)
    return total === 0 ? "no dead letters" : `none here, ${total} in all`;
  const rows = data.map((letter) => [
    letter.id,
    letter.buried_at,
    letter.reason,
    letter.event_type ?? "–",
    letter.endpoint_id ?? "–",
    String(letter.attempt_count),
  ]);
  const head = ["ID", "BURIED AT", "BECAUSE", "EVENT TYPE", "ENDPOINT", "ATTEMPTS"];
  const table = { head, rows, rightAligned: [head.length - 1] };
  return [table, `${data.length} of ${total}`, ...moreWith(next)];
}

/** `data` is JSON text. */
function portrait(letter: ShownWholeLetter, data: string): Shown {
  const { job } = letter;
  const common = [
    ["id", letter.id],
    ["because", letter.reason],
    ["buried at", letter.buried_at],
  ];
  if (job !== null) return [{ rows: [...common, ["problem", job.problem], ["job", job.id]] }, "", job.text];
  const about = [
    ["event", letter.event_id ?? "–"],
    ["type", letter.event_type ?? "–"],
    ["timestamp", letter.timestamp ?? "–"],
    ["endpoint", letter.endpoint_id ?? "–"],
    ["replays", String(letter.round)],
  ];
  return [{ rows: [...common, ...about] }, "", attemptsTable(letter.attempts), "", data];
}
