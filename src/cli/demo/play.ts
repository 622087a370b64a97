/**
 * The play in four acts: publish, watch the schedule run, heal the broken receiver, replay its dead letter.
 * Nothing is staged: what is shown is what the service told and what the receivers saw.
 */

import { catalogue } from "../../catalogue/catalogue.ts";
import type { DeadLetter } from "../../core/delivery.ts";
import type { System } from "../../core/system.ts";
import type { Standalone } from "../../process/standalone.ts";
import type { Screen } from "../screen.ts";
import type { Account } from "./account.ts";
import { DELIVERIES, PROGRAMME } from "./cast.ts";
import type { DemoReceiver } from "./receiver.ts";

export interface Stage {
  readonly hookwave: Standalone["hookwave"];
  readonly receivers: readonly DemoReceiver[];
  readonly account: Account;
  readonly screen: Screen;
  readonly clock: System;
  /** The waits between attempts, in ms. */
  readonly schedule: readonly number[];
}

export interface Ending {
  /** The dead letters that came of it. */
  readonly letters: readonly DeadLetter[];
  /** The number that was left after the replay. */
  readonly lettersLeft: number;
}

const REDRAW_MS = 200;
const PATIENCE_MS = 20_000;
/** Every wait may be a tenth longer than planned. */
const JITTER = 1.1;
const LETTERS_MAX = 10;

export async function play(stage: Stage): Promise<Ending> {
  await publishAll(stage);
  await watchSchedule(stage);
  return await healAndReplay(stage);
}

async function publishAll({ hookwave }: Stage): Promise<void> {
  await hookwave.publishMany(PROGRAMME.map((type) => ({ type, data: catalogue[type].example })));
}

async function watchSchedule({ account, screen, clock, schedule }: Stage): Promise<void> {
  const startedAt = clock.monotonicMs();
  const expectedMs = schedule.reduce((sum, wait) => sum + wait, 0);
  const redraw = setInterval(() => {
    const elapsedMs = clock.monotonicMs() - startedAt;
    const [elapsed, whole] = [elapsedMs, expectedMs].map((ms) => Math.round(ms / 1_000));
    const label = `${account.settled()} of ${DELIVERIES} settled, ${elapsed} of about ${whole} s`;
    screen.progress(elapsedMs / expectedMs, label);
  }, REDRAW_MS).unref();
  try {
    await account.until(() => account.settled() >= DELIVERIES, expectedMs * JITTER + PATIENCE_MS);
  } finally {
    clearInterval(redraw);
    screen.clear();
  }
}

async function healAndReplay({ hookwave, receivers, account, screen }: Stage): Promise<Ending> {
  const stored = await storedLetters(hookwave);
  screen.line("\n  broken is healed, and its dead letter replayed\n");
  receivers.find(({ role }) => role.name === "broken")?.heal();
  for (const { id } of stored) await hookwave.deadLetters.replay(id);
  await account.until(() => account.settled() >= DELIVERIES + stored.length, PATIENCE_MS);
  const lettersLeft = await hookwave.deadLetters.count({});
  return { letters: stored.map(({ letter }) => letter), lettersLeft };
}

async function storedLetters({
  deadLetters,
}: Standalone["hookwave"]): Promise<readonly { readonly id: string; readonly letter: DeadLetter }[]> {
  const { data } = await deadLetters.list({}, { after: null, limit: LETTERS_MAX });
  return await Promise.all(data.map(({ id }) => deadLetters.get(id)));
}
