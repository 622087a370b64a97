/** Row 18: what a receiver says about coming back is obeyed. */
import { summaries } from "../../support/letters.ts";
import { until } from "../../support/until.ts";
import { percentile } from "../harness/figures.ts";
import type { Post } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const RETRY_AFTER_S = 3;
const RETRY_MS = 500;
const JITTER = 0.1;
const EARLY_MS = 50;
const LATE_MS = 3_000;
const EVENTS = 100;

export const toldToWait: Row = {
  number: 18,
  fault: "429 with Retry-After; 503; 410",
  buries: ["gone", "endpoint_disabled"],
  run: async (scene) => {
    await scene.open();
    const request = { retrySchedule: [RETRY_MS, RETRY_MS], maxInFlight: 50 };
    const busy = await scene.receiver("busy", {
      ...request,
      plan: firstThen({ status: 429, headers: { "retry-after": String(RETRY_AFTER_S) } }),
    });
    const ill = await scene.receiver("ill", { ...request, plan: firstThen({ status: 503 }) });
    const gone = await scene.receiver("gone", {
      ...request,
      maxInFlight: 5,
      plan: () => ({ status: 410, afterMs: 200 }),
    });
    const producer = await scene.producer("told", { events: EVENTS, perSecond: 1_000 });
    await producer.finished;
    // Only now: what is accepted after it was disabled is not owed to the gone one.
    await scene.worker({ breakerFailureThreshold: 10_000 });
    await until(
      "the gone one is disabled",
      async () => !(await scene.hookwave.endpoints.get("gone")).isActive,
    );
    await scene.drained();

    checkWait(scene, `Retry-After: ${RETRY_AFTER_S}`, gapsOf(busy.posts), RETRY_AFTER_S * 1_000);
    checkWait(scene, "503 and its schedule of 500 ms", gapsOf(ill.posts), RETRY_MS * (1 - JITTER));
    const letters = await summaries(scene.hookwave);
    scene.check(
      "what the gone one was owed is a dead letter",
      letters.length === EVENTS && letters.every(({ endpointId }) => endpointId === "gone"),
      `${letters.length}, because ${[...new Set(letters.map(({ because }) => because))].join(", ")}`,
    );
    const before = gone.posts.length;
    await scene.hookwave.publish({ type: "thing.made", data: {} });
    await scene.drained();
    scene.check(
      "410 disables: nothing more is sent",
      gone.posts.length === before,
      `${before} POSTs before, ${gone.posts.length - before} after`,
    );
  },
};

/** Each is sent once more, not too early, and most of them not much later; a limit that has become low takes longer. */
function checkWait(scene: Scene, what: string, gapsMs: readonly number[], leastMs: number): void {
  const [least, usual] = [Math.min(...gapsMs), percentile(gapsMs, 0.5)];
  scene.check(
    `${what} is waited for, and not much longer`,
    gapsMs.length === EVENTS && least >= leastMs - EARLY_MS && usual <= leastMs + LATE_MS,
    `${gapsMs.length} came again after ${least.toFixed(0)} ms at least, ${usual.toFixed(0)} ms mostly`,
  );
}

/** So answers the first POST of each event; 200 afterwards. */
function firstThen(reply: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }) {
  const seen = new Set<string>();
  return ({ id }: Post) => {
    if (seen.has(id)) return { status: 200 };
    seen.add(id);
    return reply;
  };
}

/** From each event's first POST to its second, in ms. */
function gapsOf(posts: readonly Post[]): readonly number[] {
  const first = new Map<string, number>();
  return posts.flatMap(({ id, at }) => {
    const before = first.get(id);
    if (before !== undefined) return [at - before];
    first.set(id, at);
    return [];
  });
}
