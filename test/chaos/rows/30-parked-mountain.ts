/**
 * Row 30: a mountain of deliveries is parked for one dead endpoint. Another one's retries come on time beside it; then the
 * dead one comes back, takes them at its own pace, and both workers are killed while they drain its line.
 */
import { until } from "../../support/until.ts";
import { percentile } from "../harness/figures.ts";
import type { Post } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const PARKED = 30_000;
const PER_SECOND = 2_500;
/** Of the deliveries that are under way when the breaker opens, some have retries of their own ahead of them. */
const NOT_PARKED = 300;
const CAP = 10;
const RETRY_MS = 2_000;
const RETRIES = 300;
const LATE_MS = 250;
const COMMANDS_PER_SECOND = 100;
const RECOVERY_MS = 3_000;

export const parkedMountain: Row = {
  number: 30,
  fault: "30,000 parked for one dead endpoint, which comes back; both workers killed as they drain its line",
  isAlone: true,
  run: async (scene) => {
    await scene.open();
    const ill = await scene.receiver("ill", {
      events: ["ill.made"],
      maxInFlight: CAP,
      plan: () => ({ status: 503 }),
    });
    await scene.receiver("again", {
      events: ["again.made"],
      retrySchedule: [RETRY_MS],
      maxInFlight: 100,
      plan: failingFirst(),
    });
    const options = { breakerRecoveryMs: RECOVERY_MS };
    const workers = [await scene.worker(options), await scene.worker(options)];
    const idle = await commandsPerSecond(scene);
    const load = { events: PARKED, perSecond: PER_SECOND, types: ["ill.made"], concurrency: 2_000 };
    await (await scene.producer("mountain", load)).finished;
    await until("they are parked", async () => (await parkedFor(scene)) > PARKED - NOT_PARKED, 60_000);
    await checkBeside(scene, idle);

    ill.behave(() => ({ status: 200, afterMs: 2 }));
    for (const doomed of workers) {
      const before = ill.posts.length;
      await until("its line is drained", () => ill.posts.length > before + 1_000, 60_000);
      await scene.fault("kill -9 a worker", "worker", () => doomed.kill("SIGKILL"));
      await scene.worker(options);
    }
    await scene.drained(120_000);
    scene.check(
      `no more than ${CAP} POSTs of a worker are open to it`,
      mostOpen(ill.posts) <= CAP * 2,
      `${mostOpen(ill.posts)} at most, by two workers`,
    );
  },
};

async function checkBeside(scene: Scene, idle: number): Promise<void> {
  const beside = (await commandsPerSecond(scene)) - idle;
  scene.check(
    `≤ ${COMMANDS_PER_SECOND} Redis commands/s for all that is parked`,
    beside <= COMMANDS_PER_SECOND,
    `${beside.toFixed(0)} more than without`,
  );
  await (await scene.producer("again", { events: RETRIES, perSecond: 50, types: ["again.made"] })).finished;
  const retried = async () => (await scene.attempts()).filter((one) => one.endpointId === "again");
  await until("all have been tried twice", async () => (await retried()).length >= RETRIES * 2, 30_000);
  const firsts = new Map(
    (await retried()).flatMap((one) => (one.nextInMs === null ? [] : [[one.deliveryId, one] as const])),
  );
  const lateness = (await retried()).flatMap((one) => {
    const first = firsts.get(one.deliveryId);
    if (first === undefined || first === one || first.attemptId === one.attemptId) return [];
    const dueAt = Date.parse(first.startedAt) + first.durationMs + (first.nextInMs ?? 0);
    return [Date.parse(one.startedAt) - dueAt];
  });
  const late = percentile(lateness, 0.99);
  scene.check(`retry lateness p99 ≤ ${LATE_MS} ms`, late <= LATE_MS, `${late} ms of ${lateness.length}`);
}

function failingFirst() {
  const asked = new Set<string>();
  return ({ id }: Post) => {
    const status = asked.has(id) ? 200 : 404;
    asked.add(id);
    return { status };
  };
}

async function parkedFor(scene: Scene): Promise<number> {
  return Number(await scene.redis.ask("ZCARD", "{hookwave}:parking:line:ill"));
}

async function commandsPerSecond(scene: Scene): Promise<number> {
  const commands = async (): Promise<number> =>
    Number(/total_commands_processed:(\d+)/.exec(String(await scene.redis.ask("INFO", "stats")))?.[1]);
  const [before, startedAt] = [await commands(), performance.now()];
  await until("a while has passed", () => performance.now() - startedAt > 5_000);
  return ((await commands()) - before) / ((performance.now() - startedAt) / 1_000);
}

function mostOpen(posts: readonly Post[]): number {
  const changes = posts
    .flatMap(({ at, answeredAt, brokenAt }) => [
      { at, by: 1 },
      { at: answeredAt ?? brokenAt ?? at, by: -1 },
    ])
    .toSorted((one, other) => one.at - other.at || one.by - other.by);
  let [open, most] = [0, 0];
  for (const { by } of changes) {
    open += by;
    most = Math.max(most, open);
  }
  return most;
}
