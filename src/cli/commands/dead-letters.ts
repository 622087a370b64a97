/** `hookwave dead-letters …`: looks at what was given up, sends it again, or removes it. */
import { setTimeout as pause } from "node:timers/promises";
import {
  letterPage,
  type ShownLetter,
  type ShownWholeLetter,
  showFilter,
  wholeLetterSchema,
} from "../../api/letter-fields.ts";
import { purgedLetters, replayedLetter } from "../../api/routes/dead-letters.ts";
import { type ShownReplay, shownReplay } from "../../api/routes/replays.ts";
import { wholeNumber } from "../../config/forms.ts";
import { system } from "../../config/system.ts";
import { memberTexts } from "../../core/json-text.ts";
import type { LetterFilter } from "../../core/letter.ts";
import { REPLAY_RATE } from "../../core/replay.ts";
import type { ApiClient, ApiRequest } from "../api-client.ts";
import { type Invocation, usage } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { hasLetterFilter, letterFilter } from "../letter-filter.ts";
import { ended, type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { createScreen, darkScreen, type Screen } from "../screen.ts";
import { askApi, withApi } from "../service-access.ts";
import type { Terminal } from "../terminal.ts";
import { readOption } from "../values.ts";

const PATH = "dead-letters";
const LIMIT = 20;
const LIMIT_MAX = 1_000;
const PAGE_MAX = 100;
const PROGRESS_EVERY_MS = 200;

export async function listDeadLetters(asked: Invocation): Promise<Report> {
  const filter = letterFilter(asked);
  const limit = readOption(asked, "limit", wholeNumber(1, LIMIT_MAX)) ?? LIMIT;
  const listed = await withApi(asked, (api) => list(api, filter, limit, asked.one("after")));
  return report(tableOf(listed), listed);
}

function pageOf(api: ApiClient, filter: LetterFilter, about: ApiRequest["query"]) {
  return api.ask({ path: [PATH], query: { ...showFilter(filter), ...about } }, letterPage);
}

/** A page of the API's is bounded in what it looks at, too, so it takes as many as it takes. */
async function list(api: ApiClient, filter: LetterFilter, limit: number, from: string | undefined) {
  const data: ShownLetter[] = [];
  let after = from;
  let total: number | undefined;
  for (;;) {
    const size = Math.min(limit - data.length, PAGE_MAX);
    const page = await pageOf(api, filter, { limit: size, after, total: String(total === undefined) });
    data.push(...page.data);
    total ??= page.total ?? 0;
    if (page.next === null || data.length >= limit) return { data, next: page.next, total };
    after = page.next;
  }
}

/** As JSON it is the API's answer as it came: parsed and written anew, an event's data would not be what it was. */
export async function showDeadLetter(asked: Invocation, { write }: Terminal): Promise<Report> {
  const [id = ""] = asked.operands;
  const { text, letter } = await withApi(asked, async (api) => {
    const text = await api.askText({ path: [PATH, id] });
    return { text, letter: api.read(text, wholeLetterSchema) };
  });
  if (!asked.has("json")) return report(portrait(letter, memberTexts(text).get("data") ?? ""), undefined);
  write(`${text}\n`);
  return ended(EXIT.ok);
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
  const rate = readOption(asked, "rate", wholeNumber(REPLAY_RATE.min, REPLAY_RATE.max));
  const body = JSON.stringify({ filter: showFilter(filter), rate, to_endpoint_id: to });
  const screen = asked.has("json") ? darkScreen : createScreen({ ...terminal, write: terminal.writeError });
  const begin = async (api: ApiClient): Promise<ShownReplay> => {
    const { id } = await api.ask({ method: "POST", path: ["replays"], body }, shownReplay);
    return await follow(api, id, screen);
  };
  const replay = await withApi(asked, begin, to !== undefined);
  screen.clear();
  const text = [spell(replay), ...replay.failures.map(({ id, problem }) => `failed ${id}: ${problem}`)];
  const isAllDone = replay.state === "done" && replay.failed === 0;
  return { text: text.join("\n"), json: replay, exitCode: isAllDone ? EXIT.ok : EXIT.failure };
}

/** Resolves with it when it is over. */
async function follow(api: ApiClient, id: string, screen: Screen): Promise<ShownReplay> {
  for (;;) {
    const replay = await api.ask({ path: ["replays", id] }, shownReplay);
    screen.progress(partDone(replay), `${spell(replay)} of ${replay.total}`);
    if (replay.finished_at !== null) return replay;
    await pause(PROGRESS_EVERY_MS);
  }
}

const partDone = ({ replayed, skipped, failed, total }: ShownReplay): number =>
  total === 0 ? 1 : (replayed + skipped + failed) / total;

function spell({ state, replayed, skipped, failed }: ShownReplay): string {
  return [
    ...(state === "running" || state === "done" ? [] : [state]),
    `replayed ${replayed}`,
    ...(skipped === 0 ? [] : [`skipped ${skipped} that were gone`]),
    ...(failed === 0 ? [] : [`failed ${failed}`]),
  ].join(", ");
}

function tableOf({ data, next, total }: Awaited<ReturnType<typeof list>>): string {
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
  const more = next === null ? "" : `; more with --after ${next}`;
  return `${alignRows([head, ...rows], [head.length - 1])}\n${data.length} of ${total}${more}`;
}

/** `data` is JSON text. */
function portrait(letter: ShownWholeLetter, data: string): string {
  const { job } = letter;
  const common = [
    ["id", letter.id],
    ["because", letter.reason],
    ["buried at", letter.buried_at],
  ];
  if (job !== null)
    return `${alignRows([...common, ["problem", job.problem], ["job", job.id]])}\n\n${job.text}`;
  const about = [
    ["event", letter.event_id ?? "–"],
    ["type", letter.event_type ?? "–"],
    ["timestamp", letter.timestamp ?? "–"],
    ["endpoint", letter.endpoint_id ?? "–"],
    ["replays", String(letter.round)],
  ];
  return [alignRows([...common, ...about]), attemptsTable(letter.attempts), data].join("\n\n");
}

function attemptsTable(attempts: ShownWholeLetter["attempts"]): string {
  const rows = attempts.map((attempt) => [
    String(attempt.attempt_number),
    attempt.started_at,
    `${Math.round(attempt.duration_ms)} ms`,
    attempt.outcome,
    String(attempt.status ?? attempt.reason ?? "–"),
  ]);
  return alignRows([["ATTEMPT", "STARTED AT", "TOOK", "OUTCOME", "ANSWER"], ...rows], [0, 2]);
}
