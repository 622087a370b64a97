/** Row 25: mixed load for minutes, with a random fault of rows 1–15 every 20 s. */
import { playMixedLoad } from "../harness/mixed-load.ts";
import type { Row } from "../harness/row.ts";
import { checkTrend } from "../harness/trend.ts";

const FAULT_EVERY_MS = 20_000;
const PER_SECOND = 100;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const everythingFor = (minutes: number): Row => ({
  number: 25,
  fault: `${minutes} minutes of mixed load, a random fault every 20 s`,
  isAlone: true,
  run: async (scene) => {
    const { heap, faults } = await playMixedLoad(scene, {
      minutes,
      perSecond: PER_SECOND,
      faultEveryMs: FAULT_EVERY_MS,
      retentionMs: DAY_MS,
      warmUpMs: Math.min(MINUTE_MS, (minutes * MINUTE_MS) / 3),
    });
    checkTrend(scene, "heap", heap);
    scene.check("there were faults", faults > 0, faults);
  },
});
