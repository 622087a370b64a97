/** Plays a row and judges it: first what every row promises, by the ledger, then its own promises. */
import { createDice } from "./dice.ts";
import { countDuplicates, lostDeliveries, readKept } from "./ledger.ts";
import { readAcknowledged } from "./producers.ts";
import type { Row, RowReport } from "./row.ts";
import { Scene } from "./scene.ts";

export interface RunOptions {
  readonly seed: number;
  /** The name of a defect to plant in its workers. */
  readonly defect?: string | null;
  readonly say?: (line: string) => void;
}

const open = new Set<Scene>();

/** Puts away what rows are playing on: for a run that is told to stop. */
export async function abandonRows(): Promise<void> {
  await Promise.all([...open].map((scene) => scene[Symbol.asyncDispose]()));
}

export async function runRow(row: Row, options: RunOptions): Promise<RowReport> {
  const { seed, defect = null, say = () => undefined } = options;
  const defects = [row.defect, defect].filter((name) => name !== undefined && name !== null);
  const startedAt = performance.now();
  // Rows of one run differ in their moments, and each can be repeated alone.
  await using scene = new Scene(createDice(seed * 1_000 + row.number), say, defects);
  open.add(scene);
  const failed = await failureOf(row.run(scene));
  let ledger: Ledger = { acknowledged: 0, lost: [] };
  const unread = await failureOf(
    readLedger(scene).then((read) => {
      ledger = read;
    }),
  );
  open.delete(scene);
  const failure = failed ?? unread;
  const { recoveryMs, checks, plays } = scene;
  const sumOf = (own: number, of: (play: RowReport) => number) =>
    plays.reduce((sum, play) => sum + of(play), own);
  const acknowledged = sumOf(ledger.acknowledged, (play) => play.acknowledged);
  const lost = [...ledger.lost, ...plays.flatMap((play) => play.lost)];
  const duplicates = sumOf(countDuplicates(scene.receivers), (play) => play.duplicates);
  const duplicatesAllowed = sumOf(scene.duplicatesAllowed, (play) => play.duplicatesAllowed);
  const { recoveryWithinMs = null } = row;
  const isRecovered = recoveryWithinMs === null || (recoveryMs !== null && recoveryMs <= recoveryWithinMs);
  return {
    number: row.number,
    fault: row.fault,
    seed,
    acknowledged,
    lost,
    duplicates,
    duplicatesAllowed,
    recoveryMs,
    recoveryWithinMs,
    checks,
    failure,
    seconds: (performance.now() - startedAt) / 1_000,
    kept:
      failure === null &&
      lost.length === 0 &&
      duplicates <= duplicatesAllowed &&
      isRecovered &&
      checks.every(({ kept }) => kept),
  };
}

/** What it failed of; null when it did not. */
async function failureOf(work: Promise<void>): Promise<string | null> {
  return await work.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

interface Ledger {
  readonly acknowledged: number;
  readonly lost: readonly string[];
}

async function readLedger(scene: Scene): Promise<Ledger> {
  const acknowledged = (await Promise.all(scene.ledgers.map(readAcknowledged))).flat();
  if (acknowledged.length === 0) return { acknowledged: 0, lost: [] };
  const kept = await readKept(scene.hookwaveUrl);
  return { acknowledged: acknowledged.length, lost: lostDeliveries(acknowledged, scene.receivers, kept) };
}
