/** Row 22: a hundred producers publish one event at the same moment; each endpoint gets it once. */
import { createPublisher } from "../../../src/index.ts";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

const PRODUCERS = 100;
const ENDPOINTS = 5;

export const publishedAtOnce: Row = {
  number: 22,
  fault: "the same event id published 100 times at once",
  run: async (scene) => {
    const { url: redisUrl } = await scene.open();
    for (let n = 0; n < ENDPOINTS; n += 1) await scene.receiver(`r${n}`);
    await scene.fleet(3);
    const publishers = Array.from({ length: PRODUCERS }, () => createPublisher({ redisUrl }));
    const event = { id: "evt_one", type: "thing.made", data: {} };
    for (const id of ["evt_warm", event.id]) {
      // One that a stall of the machine has refused is published again, which is what the row is about.
      await Promise.all(
        publishers.map(({ publish }) => until("it is stored", () => publish({ ...event, id }))),
      );
      scene.acknowledged.push({ id, type: event.type });
    }
    await Promise.all(publishers.map(({ close }) => close()));
    await until("it has come", () => scene.receivers.every(({ posts }) => posts.length >= 2));
    await scene.drained();
    const counts = scene.receivers.map(({ posts }) => posts.filter(({ id }) => id === event.id).length);
    scene.check(
      "each endpoint gets it once",
      counts.every((count) => count === 1),
      counts.join(" "),
    );
  },
};
