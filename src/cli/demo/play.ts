/**
 * The play in four acts: publish, watch the schedule run, heal the broken receiver, replay its dead letter.
 * Nothing is staged: what is shown is what the service told and what the receivers saw.
 */

import { setTimeout as pause } from "node:timers/promises";
import { catalogue } from "../../catalogue/catalogue.ts";
import { system } from "../../config/system.ts";
import type { Happening } from "../../core/happening.ts";
import type { Screen } from "../screen.ts";
import { DELIVERIES, PROGRAMME } from "./cast.ts";
import type { Evidence } from "./checks.ts";
import type { Theatre } from "./theatre.ts";

const LOOK_EVERY_MS = 200;
const PATIENCE_MS = 20_000;
/** Every wait may be a tenth longer than planned. */
const JITTER = 1.1;
const LETTERS_MAX = 10;

/** `settled` is the number of deliveries that have come to an end by now, in all rounds. */
export async function play(
  { service, receivers, schedule }: Theatre,
  settled: () => number,
  screen: Screen,
): Promise<Evidence> {
  const { publishMany, deadLetters } = service.hookwave;
  await publishMany(PROGRAMME.map((type) => ({ type, data: catalogue[type].example })));
  await watchSchedule(schedule, settled, screen);
  const { data } = await deadLetters.list({}, { after: null, limit: LETTERS_MAX });
  const letters = await Promise.all(data.map(async ({ id }) => (await deadLetters.get(id)).letter));
  screen.line("\n  broken is healed, and its dead letter replayed\n");
  receivers.find(({ role }) => role.name === "broken")?.heal();
  for (const { id } of data) await deadLetters.replay(id);
  await watch(() => settled() >= DELIVERIES + data.length, PATIENCE_MS);
  return { receivers, schedule, letters, lettersLeft: await deadLetters.count({}) };
}

/** Delivered, or a dead letter. */
export const isEnd = (happening: Happening): boolean =>
  happening.kind === "delivery.buried" ||
  (happening.kind === "attempt.finished" && happening.record.verdict === "complete");

async function watchSchedule(
  schedule: readonly number[],
  settled: () => number,
  screen: Screen,
): Promise<void> {
  const expectedMs = schedule.reduce((sum, wait) => sum + wait, 0);
  const isOver = (elapsedMs: number): boolean => {
    const [elapsed, whole] = [elapsedMs, expectedMs].map((ms) => Math.round(ms / 1_000));
    const label = `${settled()} of ${DELIVERIES} settled, ${elapsed} of about ${whole} s`;
    screen.progress(elapsedMs / expectedMs, label);
    return settled() >= DELIVERIES;
  };
  await watch(isOver, expectedMs * JITTER + PATIENCE_MS);
  screen.clear();
}

/** Until it is over, or patience is. An interrupted demo need not wait for what will not come any more. */
async function watch(isOver: (elapsedMs: number) => boolean, patienceMs: number): Promise<void> {
  const startedAt = system.monotonicMs();
  const elapsedMs = (): number => system.monotonicMs() - startedAt;
  while (!isOver(elapsedMs()) && elapsedMs() < patienceMs)
    await pause(LOOK_EVERY_MS, undefined, { ref: false });
}
