/** Row 4: an event that kills every worker which has it is found and buried, and the others go on. */
import { setTimeout as pause } from "node:timers/promises";
import { summaries } from "../../support/letters.ts";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const PER_SECOND = 100;
const STARTS_ALLOWED = 10;
const THROUGHPUT_KEPT = 0.9;
const SETTLE_MS = 3_000;

export const deadlyEvent: Row = {
  number: 4,
  fault: "an event that kills its worker every time",
  isAlone: true,
  defect: "deadly-event",
  buries: ["poison"],
  run: async (scene) => {
    await scene.open();
    const receiver = await scene.receiver("one", {
      maxInFlight: 50,
      plan: () => ({ status: 200, afterMs: scene.moods.between(5, 50) }),
    });
    const fleet = await scene.fleet(3);
    const producer = await scene.producer("good", { events: 100_000, perSecond: PER_SECOND });
    await until("deliveries are under way", () => receiver.posts.length > 2 * PER_SECOND);

    await publishAmongOthers(scene);
    const from = performance.now();
    const before = distinct(receiver.posts);
    scene.attributeDeaths(fleet);
    await until("it is buried", async () => (await summaries(scene.hookwave)).length === 1, 180_000);
    const [stored] = await summaries(scene.hookwave);
    // Deliveries that waited for a dead worker's jobs to be found come as well.
    await pause(SETTLE_MS);
    const seconds = (performance.now() - from) / 1_000;
    const share = (distinct(receiver.posts) - before) / (seconds * PER_SECOND);
    const starts = fleet.deaths();

    await producer.stop();
    await scene.drained();
    const because = stored?.because ?? "nothing";
    scene.check("it is buried as poison", because === "poison", because);
    scene.check(`after at most ${STARTS_ALLOWED} starts`, starts <= STARTS_ALLOWED, starts);
    const found = `${(share * 100).toFixed(1)} % over ${seconds.toFixed(0)} s`;
    scene.check("the others keep 90 % of their throughput", share >= THROUGHPUT_KEPT, found);
  },
};

/** One job holds it and nine that are harmless: those are to come out of it. */
async function publishAmongOthers(scene: Scene): Promise<void> {
  const events = Array.from({ length: 10 }, (_, n) => ({
    id: `evt_mate_${n}`,
    type: n === 4 ? "thing.deadly" : "thing.made",
    data: {},
  }));
  await scene.hookwave.publishMany(events);
  scene.acknowledged.push(...events);
}

const distinct = (posts: readonly { readonly id: string }[]): number =>
  new Set(posts.map(({ id }) => id)).size;
