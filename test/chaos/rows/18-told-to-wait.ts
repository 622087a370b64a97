/** Row 18: what a receiver says about coming back is obeyed. */
import { summaries } from "../../support/letters.ts";
import { until } from "../../support/until.ts";
import type { Post } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";

const RETRY_AFTER_S = 3;
const EVENTS = 100;

export const toldToWait: Row = {
  number: 18,
  fault: "429 with Retry-After; 503; 410",
  run: async (scene) => {
    await scene.open();
    const request = { retrySchedule: [500, 500], maxInFlight: 50 };
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

    const waited = Math.min(...gapsOf(busy.posts));
    scene.check(
      `Retry-After: ${RETRY_AFTER_S} is waited for`,
      waited >= RETRY_AFTER_S * 1_000 - 50,
      `${waited.toFixed(0)} ms at least`,
    );
    const retried = Math.max(...gapsOf(ill.posts));
    scene.check(
      "503 is retried by the schedule of 500 ms",
      ill.posts.length === EVENTS * 2,
      `after ${retried.toFixed(0)} ms at most`,
    );
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
