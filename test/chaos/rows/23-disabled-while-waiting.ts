/** Row 23: an endpoint is disabled, or its secret rotated, while retries wait; both count from the next attempt on. */
import { summaries } from "../../support/letters.ts";
import { until } from "../../support/until.ts";
import type { HttpReceiver } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";

const EVENTS = 100;
const HEARD_WITHIN_MS = 2_000;
const GRACE_MS = 60_000;
const RETRIES = Array.from({ length: 20 }, () => 500);

export const disabledWhileWaiting: Row = {
  number: 23,
  fault: "endpoint disabled / secret rotated while retries are pending",
  buries: ["endpoint_disabled"],
  run: async (scene) => {
    await scene.open();
    // Not an answer that speaks against their health: no breaker holds anything here.
    const request = { retrySchedule: RETRIES, maxInFlight: 50, plan: () => ({ status: 404 }) };
    const disabled = await scene.receiver("disabled", request);
    const rotated = await scene.receiver("rotated", request);
    await scene.fleet(2);
    const producer = await scene.producer("wait", { events: EVENTS, perSecond: 200 });
    await producer.finished;
    await until(
      "retries are under way",
      () => disabled.posts.length > EVENTS && rotated.posts.length > EVENTS,
    );
    await scene.meanwhile(0, 1_500);

    scene.say("disable one, rotate the other's secret");
    await scene.hookwave.endpoints.disable("disabled");
    const disabledAt = performance.now();
    await scene.hookwave.endpoints.rotateSecret("rotated", { graceMs: GRACE_MS });
    const rotatedAt = performance.now();

    await until(
      "attempts came after the rotation",
      () => since(rotated, rotatedAt + HEARD_WITHIN_MS).length > EVENTS,
    );
    const late = since(disabled, disabledAt + HEARD_WITHIN_MS).length;
    scene.check("no POST later than 2 s after disabling", late === 0, late);
    const before = rotated.posts.filter(({ at }) => at < rotatedAt).map(signaturesOf);
    const after = since(rotated, rotatedAt + HEARD_WITHIN_MS).map(signaturesOf);
    scene.check(
      "the next attempts are signed with both secrets",
      before.every((count) => count === 1) && after.every((count) => count === 2),
      `${Math.max(...before)} before, ${Math.min(...after)} to ${Math.max(...after)} after`,
    );
    rotated.behave(() => ({ status: 200 }));
    await scene.drained();
    const letters = await summaries(scene.hookwave);
    const reasons = [...new Set(letters.map(({ because }) => because))].join();
    scene.check(
      "what the disabled one was owed is a dead letter",
      letters.length === EVENTS && reasons === "endpoint_disabled",
      `${letters.length}, because ${reasons}`,
    );
  },
};

const since = ({ posts }: HttpReceiver, time: number) => posts.filter(({ at }) => at > time);

const signaturesOf = ({ headers }: HttpReceiver["posts"][number]): number =>
  String(headers["webhook-signature"]).split(" ").length;
