/** `hookwave dead-letters …`: looks at what was given up, sends it again, or removes it. */
import { system } from "../../config/system.ts";
import { asEndpointId } from "../../core/brand.ts";
import type { DeadLetter, PastAttempt } from "../../core/delivery.ts";
import type { LetterSummary } from "../../core/letter.ts";
import { REPLAY_RATE, type Replay, type ReplayRequest } from "../../core/replay.ts";
import { type Invocation, usage } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { hasLetterFilter, letterFilter } from "../letter-filter.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { createScreen, darkScreen } from "../screen.ts";
import { withHookwave } from "../service-access.ts";
import type { Terminal } from "../terminal.ts";
import { wholeNumber } from "../values.ts";

const LIMIT = 20;
const LIMIT_MAX = 1_000;

interface StoredLetter {
  readonly id: string;
  readonly letter: DeadLetter;
}

export async function listDeadLetters(asked: Invocation): Promise<Report> {
  const filter = letterFilter(asked);
  const limit = wholeNumber(asked, "limit", 1, LIMIT_MAX) ?? LIMIT;
  const after = asked.one("after") ?? null;
  const [{ data, next }, total] = await withHookwave(asked, ({ deadLetters }) =>
    Promise.all([deadLetters.list(filter, { after, limit }), deadLetters.count(filter)]),
  );
  return report(tableOf(data, total, next), { deadLetters: data, total, next });
}

export async function showDeadLetter(asked: Invocation): Promise<Report> {
  const [id = ""] = asked.operands;
  const stored = await withHookwave(asked, (hookwave) => hookwave.deadLetters.get(id));
  return report(portrait(stored), { id, ...stored.letter });
}

export async function replayDeadLetters(asked: Invocation, terminal: Terminal): Promise<Report> {
  const [id] = asked.operands;
  if ((id === undefined) !== asked.has("all"))
    throw usage("dead-letters replay <id>, or --all", id === undefined ? "neither" : "both");
  if (id === undefined) return await replayAll(asked, terminal);
  if (hasLetterFilter(asked) || asked.has("rate") || asked.has("to"))
    throw usage("dead-letters replay --all with these options", "an id beside them");
  await withHookwave(asked, (hookwave) => hookwave.deadLetters.replay(id));
  return report(`replayed ${id}`, { id });
}

export async function purgeDeadLetters(asked: Invocation): Promise<Report> {
  if (!asked.has("yes"))
    throw usage("dead-letters purge --yes, because it removes them for good", "no --yes");
  const asking = letterFilter(asked);
  // What is buried from now on has not been thought of.
  const filter = { ...asking, until: asking.until ?? system.now() };
  const purged = await withHookwave(asked, async ({ deadLetters }) =>
    deadLetters.purge(filter, await deadLetters.count(filter)),
  );
  return report(`purged ${purged}`, { purged });
}

async function replayAll(asked: Invocation, terminal: Terminal): Promise<Report> {
  const to = asked.one("to");
  const request: ReplayRequest = {
    filter: letterFilter(asked),
    ratePerSecond: wholeNumber(asked, "rate", REPLAY_RATE.min, REPLAY_RATE.max),
    to: to === undefined ? undefined : asEndpointId(to),
  };
  const screen = asked.has("json") ? darkScreen : createScreen({ ...terminal, write: terminal.writeError });
  const replay = await withHookwave(asked, async ({ replays }) => {
    const { id } = await replays.begin(request);
    return await replays.follow(id, (one) => screen.progress(partDone(one), `${spell(one)} of ${one.total}`));
  });
  screen.clear();
  const text = [spell(replay), ...replay.failures.map(({ id, problem }) => `failed ${id}: ${problem}`)];
  const isAllDone = replay.state === "done" && replay.failed === 0;
  return { text: text.join("\n"), json: replay, exitCode: isAllDone ? EXIT.ok : EXIT.failure };
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

function portrait({ id, letter }: StoredLetter): string {
  const common = [
    ["id", id],
    ["because", letter.because],
    ["buried at", letter.buriedAt],
  ];
  if (letter.kind === "job")
    return `${alignRows([...common, ["problem", letter.problem], ["job", letter.jobId]])}\n\n${letter.text}`;
  const { event, endpointId, attempts, round } = letter.delivery;
  const about = [
    ["event", event.id],
    ["type", event.type],
    ["timestamp", event.timestamp],
    ["endpoint", endpointId],
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
