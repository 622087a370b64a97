/**
 * Row 34: an endpoint is removed and made again under its id, for others, while retries of it wait and some of its
 * deliveries lie in its line; its workers are killed meanwhile. Nothing old reaches the new one.
 */
import { summaries } from "../../support/letters.ts";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

const EVENTS = 200;
const ID = "tenant";
/** The retries come long after it has been made again. */
const RETRY_MS = 8_000;
const RATE = { count: 100, perMs: 5_000 };

export const recreatedEndpoint: Row = {
  number: 34,
  fault: "endpoint removed and made again under its id, workers killed",
  buries: ["endpoint_missing"],
  run: async (scene) => {
    await scene.open();
    const refused = { retrySchedule: [RETRY_MS], rateLimit: RATE, plan: () => ({ status: 404 }) };
    const former = await scene.receiver(ID, { events: ["own.a"], ...refused });
    const fleet = await scene.fleet(2);
    const producer = await scene.producer("old", { events: EVENTS, perSecond: 400, types: ["own.a"] });
    await producer.finished;
    await until("some have failed, and some are held", () => former.posts.length >= RATE.count / 2);
    await scene.meanwhile(0, 1_000);

    scene.say("remove it, and make another one of its id");
    await scene.hookwave.endpoints.remove(ID);
    const tried = former.posts.length;
    const present = await scene.receiver(ID, { events: ["own.b"] });
    await scene.fault("kill -9 of the fleet", "worker", () =>
      Promise.all(fleet.members().map((victim) => victim.kill("SIGKILL"))),
    );
    await fleet.complete();
    const next = await scene.producer("new", { events: EVENTS, perSecond: 400, types: ["own.b"] });
    await next.finished;
    await scene.drained(120_000);

    const old = present.posts.filter(({ id }) => id.includes("_old_")).length;
    scene.check("nothing that the old one was owed reaches the new one", old === 0, old);
    const own = new Set(present.posts.map(({ id }) => id)).size;
    scene.check("the new one gets its own", own === EVENTS, own);
    const letters = await summaries(scene.hookwave, { reason: "endpoint_missing" });
    scene.check("what the old one was owed is a dead letter", letters.length === EVENTS, letters.length);
    scene.check(
      "deliveries waited when it was removed",
      tried < EVENTS * 2,
      `${tried} of ${EVENTS * 2} POSTs`,
    );
    const { delivered, buried, waiting } = await scene.hookwave.endpoints.statistics(ID);
    const counts = [delivered, buried, waiting].join(" ");
    scene.check("the new one's counts are its own", counts === `${EVENTS} 0 0`, counts);
  },
};
