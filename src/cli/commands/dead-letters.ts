/** `hookwave dead-letters …`: looks at what was given up, sends it again, or removes it. */
import { setTimeout as pause } from "node:timers/promises";
import { letterPage, showFilter, wholeLetterSchema } from "../../api/letter-fields.ts";
import { purgedLetters } from "../../api/routes/dead-letters.ts";
import { shownReplay } from "../../api/routes/replays.ts";
import { system } from "../../config/system.ts";
import type { PastAttempt } from "../../core/delivery.ts";
import { memberTexts } from "../../core/json-text.ts";
import type { LetterFilter, LetterSummary } from "../../core/letter.ts";
import { REPLAY_RATE, type Replay } from "../../core/replay.ts";
import type { ApiClient, ApiRequest } from "../api-client.ts";
import { type Invocation, usage } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { readLetter, readReplay, readWholeLetter, type WholeLetter } from "../letter-fields.ts";
import { hasLetterFilter, letterFilter } from "../letter-filter.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { createScreen, darkScreen, type Screen } from "../screen.ts";
import { withApi } from "../service-access.ts";
import type { Terminal } from "../terminal.ts";
import { wholeNumber } from "../values.ts";

const PATH = "/dead-letters";
const REPLAYS = "/replays";
const LIMIT = 20;
const LIMIT_MAX = 1_000;
const PAGE_MAX = 100;
const PROGRESS_EVERY_MS = 200;

const pathOf = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

interface Listed {
  readonly letters: readonly LetterSummary[];
  /** All that match. */
  readonly total: number;
  readonly next: string | null;
}

export async function listDeadLetters(asked: Invocation): Promise<Report> {
  const filter = letterFilter(asked);
  const limit = wholeNumber(asked, "limit", 1, LIMIT_MAX) ?? LIMIT;
  const { letters, total, next } = await withApi(asked, (api) =>
    list(api, filter, limit, asked.one("after")),
  );
  return report(tableOf(letters, total, next), { deadLetters: letters, total, next });
}

function pageOf(api: ApiClient, filter: LetterFilter, about: ApiRequest["query"]) {
  return api.ask({ path: PATH, query: { ...showFilter(filter), ...about } }, letterPage);
}

/** A page of the API's is bounded in what it looks at, too, so it takes as many as it takes. */
async function list(
  api: ApiClient,
  filter: LetterFilter,
  limit: number,
  from: string | undefined,
): Promise<Listed> {
  const letters: LetterSummary[] = [];
  let after = from;
  let total: number | undefined;
  for (;;) {
    const size = Math.min(limit - letters.length, PAGE_MAX);
    const page = await pageOf(api, filter, { limit: size, after, total: String(total === undefined) });
    letters.push(...page.data.map(readLetter));
    total ??= page.total ?? 0;
    if (page.next === null || letters.length >= limit) return { letters, total, next: page.next };
    after = page.next;
  }
}

export async function showDeadLetter(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const stored = await withApi(asked, async (api) => {
    const text = await api.askText({ path: pathOf(id) });
    return readWholeLetter(api.read(text, wholeLetterSchema), memberTexts(text).get("data") ?? "");
  });
  return report(portrait(stored), stored);
}

export async function replayDeadLetters(asked: Invocation, terminal: Terminal): Promise<Report> {
  const [id] = asked.operands;
  if ((id === undefined) !== asked.has("all"))
    throw usage("dead-letters replay <id>, or --all", id === undefined ? "neither" : "both");
  if (id === undefined) return await replayAll(asked, terminal);
  if (hasLetterFilter(asked) || asked.has("rate") || asked.has("to"))
    throw usage("dead-letters replay --all with these options", "an id beside them");
  await withApi(asked, (api) => api.askText({ method: "POST", path: `${pathOf(id)}/replay` }));
  return report(`replayed ${id}`, { id });
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
    return await api.ask({ method: "POST", path: `${PATH}/purge`, body }, purgedLetters);
  });
  return report(`purged ${purged}`, { purged });
}

async function replayAll(asked: Invocation, terminal: Terminal): Promise<Report> {
  const filter = letterFilter(asked);
  const to = asked.one("to");
  const rate = wholeNumber(asked, "rate", REPLAY_RATE.min, REPLAY_RATE.max);
  const body = JSON.stringify({ filter: showFilter(filter), rate, to_endpoint_id: to });
  const screen = asked.has("json") ? darkScreen : createScreen({ ...terminal, write: terminal.writeError });
  const begin = async (api: ApiClient): Promise<Replay> => {
    const { id } = await api.ask({ method: "POST", path: REPLAYS, body }, shownReplay);
    return await follow(api, id, filter, screen);
  };
  const replay = await withApi(asked, begin, { endpoints: to !== undefined });
  screen.clear();
  const text = [spell(replay), ...replay.failures.map(({ id, problem }) => `failed ${id}: ${problem}`)];
  const isAllDone = replay.state === "done" && replay.failed === 0;
  return { text: text.join("\n"), json: replay, exitCode: isAllDone ? EXIT.ok : EXIT.failure };
}

/** Resolves with it when it is over. */
async function follow(api: ApiClient, id: string, filter: LetterFilter, screen: Screen): Promise<Replay> {
  for (;;) {
    const replay = readReplay(await api.ask({ path: `${REPLAYS}/${id}` }, shownReplay), filter);
    screen.progress(partDone(replay), `${spell(replay)} of ${replay.total}`);
    if (replay.finishedAt !== null) return replay;
    await pause(PROGRESS_EVERY_MS);
  }
}

const partDone = ({ replayed, skipped, failed, total }: Replay): number =>
  total === 0 ? 1 : (replayed + skipped + failed) / total;

function spell({ state, replayed, skipped, failed }: Replay): string {
  return [
    ...(state === "running" || state === "done" ? [] : [state]),
    `replayed ${replayed}`,
    ...(skipped === 0 ? [] : [`skipped ${skipped} that were gone`]),
    ...(failed === 0 ? [] : [`failed ${failed}`]),
  ].join(", ");
}

function tableOf(letters: readonly LetterSummary[], total: number, next: string | null): string {
  if (letters.length === 0 && next === null)
    return total === 0 ? "no dead letters" : `none here, ${total} in all`;
  const rows = letters.map(({ id, buriedAt, because, eventType, endpointId, attempts }) => [
    id,
    buriedAt,
    because,
    eventType ?? "–",
    endpointId ?? "–",
    String(attempts),
  ]);
  const head = ["ID", "BURIED AT", "BECAUSE", "EVENT TYPE", "ENDPOINT", "ATTEMPTS"];
  const more = next === null ? "" : `; more with --after ${next}`;
  return `${alignRows([head, ...rows], [head.length - 1])}\n${letters.length} of ${total}${more}`;
}

function portrait(letter: WholeLetter): string {
  const common = [
    ["id", letter.id],
    ["because", letter.because],
    ["buried at", letter.buriedAt],
  ];
  if (letter.kind === "job")
    return `${alignRows([...common, ["problem", letter.problem], ["job", letter.jobId]])}\n\n${letter.text}`;
  const { event, endpointId, attempts, round } = letter.delivery;
  const about = [
    ["event", event.id ?? "–"],
    ["type", event.type ?? "–"],
    ["timestamp", event.timestamp ?? "–"],
    ["endpoint", endpointId ?? "–"],
    ["replays", String(round)],
  ];
  return [alignRows([...common, ...about]), attemptsTable(attempts), event.data].join("\n\n");
}

function attemptsTable(attempts: readonly PastAttempt[]): string {
  const rows = attempts.map(({ attemptNumber, startedAt, durationMs, outcome, status, reason }) => [
    String(attemptNumber),
    startedAt,
    `${Math.round(durationMs)} ms`,
    outcome,
    String(status ?? reason ?? "–"),
  ]);
  return alignRows([["ATTEMPT", "STARTED AT", "TOOK", "OUTCOME", "ANSWER"], ...rows], [0, 2]);
}
