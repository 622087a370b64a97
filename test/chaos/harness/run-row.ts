/** Plays a row and judges it: first what every row promises, by the ledger, then its own promises. */
import { countDuplicates, lostDeliveries, readKept } from "./ledger.ts";
import { readAcknowledged } from "./producers.ts";
import { isRecovered, isWhole, type Row, type RowReport } from "./row.ts";
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
  await using scene = new Scene(seed * 1_000 + row.number, say, defects);
  open.add(scene);
  const failed = await failureOf(row.run(scene));
  const unread = await failureOf(readLedger(scene, row));
  open.delete(scene);
  const report = { ...judge(row, scene), failure: failed ?? unread };
  const kept = isWhole(report) && isRecovered(report) && report.checks.every((check) => check.kept);
  return { ...report, seed, seconds: (performance.now() - startedAt) / 1_000, tries: 1, kept };
}

/** The failure of the work; null when it did not fail. */
async function failureOf(work: Promise<void>): Promise<string | null> {
  return await work.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** Its own ledger, and those of what was played within it. */
function judge(row: Row, scene: Scene): Omit<RowReport, "failure" | "seed" | "seconds" | "tries" | "kept"> {
  const { number, fault, recoveryWithinMs = null } = row;
  const { recoveryMs, checks, plays, acknowledged, lost } = scene;
  const sumOf = (own: number, of: (play: RowReport) => number): number =>
    plays.reduce((sum, play) => sum + of(play), own);
  return {
    number,
    fault,
    recoveryMs,
    recoveryWithinMs,
    checks,
    acknowledged: sumOf(acknowledged.length, (play) => play.acknowledged),
    lost: [...lost, ...plays.flatMap((play) => play.lost)],
    duplicates: sumOf(countDuplicates(scene.receivers), (play) => play.duplicates),
    duplicatesAllowed: sumOf(scene.duplicatesAllowed, (play) => play.duplicatesAllowed),
  };
}

/** A row that has nothing acknowledged has shown nothing, unless that is what it is about. */
async function readLedger(scene: Scene, { accepts = true, buries = [] }: Row): Promise<void> {
  for (const ledger of scene.ledgers) scene.acknowledged.push(...(await readAcknowledged(ledger)));
  if (!accepts || scene.plays.length > 0) return;
  if (scene.acknowledged.length === 0) throw new Error("expected events that were acknowledged, got none");
  const kept = await readKept(scene.hookwaveUrl, scene.shards);
  scene.lost.push(...lostDeliveries(scene.acknowledged, scene.receivers, kept));
  const others = [...new Set(kept.reasons)].filter((reason) => !buries.some((one) => one === reason));
  if (others.length > 0)
    throw new Error(
      `expected dead letters only for: ${buries.join(", ") || "none"}, got some for: ${others.join(", ")}`,
    );
}
