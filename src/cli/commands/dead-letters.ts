/** `hookwave dead-letters …`: looks at what was given up, sends it again, or removes it. */
import type { Hookwave } from "../../app.ts";
import { system } from "../../config/system.ts";
import type { DeadLetter, PastAttempt } from "../../core/delivery.ts";
import { summarise } from "../../core/errors.ts";
import type { LetterFilter, LetterSummary } from "../../core/letter.ts";
import type { Page } from "../../core/page.ts";
import { type Invocation, usage } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { letterFilter } from "../letter-filter.ts";
import { type Report, report } from "../report.ts";
import { alignRows } from "../rows.ts";
import { withHookwave } from "../service-access.ts";
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

export async function replayDeadLetters(asked: Invocation): Promise<Report> {
  const [id] = asked.operands;
  if ((id === undefined) !== asked.has("all"))
    throw usage("dead-letters replay <id>, or --all", id === undefined ? "neither" : "both");
  if (id === undefined) return await withHookwave(asked, replayAll);
  await withHookwave(asked, (hookwave) => hookwave.deadLetters.replay(id));
  return report(`replayed ${id}`, { replayed: [id], refused: [] });
}

export async function purgeDeadLetters(asked: Invocation): Promise<Report> {
  if (!asked.has("yes"))
    throw usage("dead-letters purge --yes, because it removes them for good", "no --yes");
  // What is buried from now on has not been thought of.
  const filter = { until: system.now(), ...letterFilter(asked) };
  const purged = await withHookwave(asked, async ({ deadLetters }) =>
    deadLetters.purge(filter, await deadLetters.count(filter)),
  );
  return report(`purged ${purged}`, { purged });
}

/** All that are there now: what is given up again meanwhile is not replayed a second time. */
async function replayAll({ deadLetters }: Hookwave): Promise<Report> {
  const ids = await allIds(deadLetters, { until: system.now() });
  const replayed: string[] = [];
  const refused: { id: string; problem: string }[] = [];
  for (const id of ids) {
    try {
      await deadLetters.replay(id);
      replayed.push(id);
    } catch (error) {
      refused.push({ id, problem: summarise(error).message });
    }
  }
  const text = [
    `replayed ${replayed.length}`,
    ...refused.map(({ id, problem }) => `refused ${id}: ${problem}`),
  ];
  const exitCode = refused.length === 0 ? EXIT.ok : EXIT.failure;
  return { text: text.join("\n"), json: { replayed, refused }, exitCode };
}

/** Oldest first. */
async function allIds(
  deadLetters: Hookwave["deadLetters"],
  filter: LetterFilter,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const page: Page<LetterSummary> = await deadLetters.list(filter, { after, limit: LIMIT_MAX });
    ids.push(...page.data.map(({ id }) => id));
    after = page.next;
  } while (after !== null);
  return ids.reverse();
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
