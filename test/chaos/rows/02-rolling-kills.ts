/** Row 2: twelve kills over 6,000 events; with BullMQ's default, the second crash of a job was its end (trap 1). */
import type { Row } from "../harness/row.ts";
import { rollingKills } from "./rolling-kills.ts";

export const workersKilledInTurn: Row = {
  number: 2,
  fault: "12 rolling kill -9, 3 workers × 50 in flight, 5 % 503",
  run: async (scene) => {
    await scene.open();
    await rollingKills(scene, () => Promise.resolve());
  },
};
