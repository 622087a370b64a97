/** Row 24: ten thousand attempts are due in one second, and fail; the next ones do not come together again. */
import { asEndpointId, asEventId } from "../../../src/core/brand.ts";
import { openQueues } from "../../../src/queue/queues.ts";
import { connectRedis } from "../../../src/store/redis.ts";
import { outboxOf } from "../../support/letters.ts";
import { until } from "../../support/until.ts";
import { percentile } from "../harness/figures.ts";
import type { Post } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const DELIVERIES = 10_000;
const ENDPOINTS = 10;
const WORKERS = 2;
const CAP = 20;
const RETRY_MS = 20_000;
const DUE_IN_MS = 8_000;
const RATE = { count: 100, perMs: 1_000 };
const TOLERANCE = 0.1;
/** While so many of those due at once have been tried, the others certainly wait. */
const WAITING = 0.95;
/** Of ± 10 %, the middle nine tenths span 18 %; anything from 15 % on is no herd. */
const SPREAD = 0.15;
/** And one in twenty comes before 91 % of the wait. Without jitter a busy machine spreads them, too: none comes early. */
const EARLY = 0.95;

export const dueTogether: Row = {
  number: 24,
  fault: "10,000 retries due in the same second",
  isAlone: true,
  run: async (scene) => {
    await scene.open();
    const gaps: number[] = [];
    const request = { maxInFlight: CAP, retrySchedule: [RETRY_MS] };
    for (let n = 1; n < ENDPOINTS; n += 1) {
      await scene.receiver(`r${n}`, { ...request, events: [`due.t${n}`], plan: failingFirst(gaps) });
    }
    const limited = { ...request, rateLimit: RATE, events: ["due.t0"], plan: failingFirst([]) };
    const { posts } = await scene.receiver("r0", limited);
    await scheduleAll(scene);
    await scene.fleet(WORKERS);
    const most = await watchOpen(scene, async () => {
      const count = (): number => scene.receivers.reduce((sum, { posts }) => sum + posts.length, 0);
      await until("all have come twice", () => count() >= DELIVERIES * 2, 150_000);
    });
    await scene.drained();

    checkMost(scene, posts);
    checkLeast(scene, posts);
    const delivered = new Set(
      scene.receivers.flatMap(({ posts }) =>
        posts.filter(({ status }) => status === 200).map(({ id }) => id),
      ),
    );
    scene.check("all of them are delivered", delivered.size === DELIVERIES, delivered.size);
    const [early, late] = [percentile(gaps, 0.05), percentile(gaps, 0.95)];
    scene.check(
      "jitter spreads the next attempts",
      early >= RETRY_MS * 0.9 - 50 && early <= RETRY_MS * EARLY && late - early >= RETRY_MS * SPREAD,
      `nine tenths of them ${(early / 1_000).toFixed(1)} to ${(late / 1_000).toFixed(1)} s later`,
    );
    scene.check(
      `caps of ${CAP} open POSTs a worker are held`,
      most <= CAP * WORKERS * (1 + TOLERANCE),
      `${most} at most over ${WORKERS} workers`,
    );
  },
};

function failingFirst(gaps: number[]) {
  const failedAt = new Map<string, number>();
  return ({ id, at }: Post) => {
    const before = failedAt.get(id);
    failedAt.set(id, at);
    if (before !== undefined) gaps.push(at - before);
    // Not one that speaks against the endpoint's health: a breaker would spread them, too.
    return { status: before === undefined ? 404 : 200, afterMs: 5 };
  };
}

/** As a worker schedules a retry; all of them for the same moment. */
async function scheduleAll(scene: Scene): Promise<void> {
  const connection = connectRedis(scene.redis.url, "worker", () => undefined);
  const queues = openQueues(connection, "{hookwave}", () => undefined);
  const outbox = outboxOf(connection, queues);
  const now = Date.now();
  const dueAt = now + DUE_IN_MS;
  const schedule = (n: number): Promise<void> => {
    const endpoint = n % ENDPOINTS;
    const event = {
      id: asEventId(`evt_due_${n}`),
      type: `due.t${endpoint}`,
      timestamp: new Date(now).toISOString(),
      data: "{}",
    };
    const delivery = {
      event,
      endpointId: asEndpointId(`r${endpoint}`),
      acceptedAt: now,
      attempts: [],
      round: 0,
      heldSince: null,
    };
    scene.acknowledged.push(event);
    return outbox.schedule(delivery, dueAt - Date.now());
  };
  await Promise.all(Array.from({ length: DELIVERIES }, (_, n) => schedule(n)));
  await queues.close();
  connection.disconnect();
  scene.say(`${DELIVERIES} are scheduled, due in ${((dueAt - Date.now()) / 1_000).toFixed(1)} s`);
}

/** At most in whichever second one looks. */
function checkMost(scene: Scene, posts: readonly Post[]): void {
  const times = posts.map(({ at }) => at);
  const within = (from: number): number => times.filter((at) => at >= from && at < from + RATE.perMs).length;
  const busiest = Math.max(...times.map(within));
  scene.check(
    `a rate of ${RATE.count} a second is held: at most + 10 %`,
    busiest <= RATE.count * (1 + TOLERANCE),
    `${busiest} in the busiest second of ${times.length}`,
  );
}

/**
 * At least for as long as deliveries certainly wait for it: all were due at once, so until most of them have been tried
 * for the first time. Before the herd of the others has passed, it is a matter of how fast the machine is, too.
 */
function checkLeast(scene: Scene, posts: readonly Post[]): void {
  const herd = scene.receivers.filter((receiver) => receiver.posts !== posts);
  const passedAt = Math.max(...herd.flatMap((receiver) => firstTimes(receiver.posts)));
  const firsts = firstTimes(posts);
  const waiting = firsts.slice(0, Math.ceil(firsts.length * WAITING));
  const rates = [waiting.filter((at) => at <= passedAt), waiting.filter((at) => at > passedAt)].map(rateOf);
  const [under = Number.NaN, after = Number.NaN] = rates;
  scene.check("at least − 10 % while deliveries wait", after >= RATE.count * (1 - TOLERANCE), shown(after));
  scene.check("and half of it while the herd passes", under >= RATE.count / 2, shown(under));
}

/** The first time that each event came, in order. */
function firstTimes(posts: readonly Post[]): readonly number[] {
  const firsts = new Map(posts.toReversed().map(({ id, at }) => [id, at]));
  return [...firsts.values()].toSorted((one, other) => one - other);
}

/** Per period; not a number for less than two. */
function rateOf(times: readonly number[]): number {
  const lastedMs = (times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN);
  return ((times.length - 1) * RATE.perMs) / lastedMs;
}

const shown = (rate: number): string => `${rate.toFixed(1)} a second`;

/** The most POSTs that one receiver had open meanwhile. */
async function watchOpen(scene: Scene, work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, ...scene.receivers.map((receiver) => receiver.open()));
  }, 5);
  await work().finally(() => clearInterval(timer));
  return most;
}
