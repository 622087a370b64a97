/** A worker that is short of heap: its own slowness is nobody else's. */

import { atMost } from "../finding.ts";
import { DATA } from "../workload.ts";
import type { Case } from "./case.ts";
import { openGround, untilTrue } from "./ground.ts";

const EVENTS = 20_000;
const TOGETHER = 1_000;
const ENDPOINTS = 5;
const HEAP_MB = 96;

export const scarceHeap: Case = {
  name: "a worker short of heap",
  run: async ({ isQuick }) => {
    await using ground = await openGround([`--max-old-space-size=${HEAP_MB}`]);
    const events = isQuick ? 2_000 : EVENTS;
    for (let n = 0; n < ENDPOINTS; n += 1)
      await ground.endpoint(`e${n}`, ground.healthy.url, { events: [`heap.t${n}`], maxInFlight: 100 });
    for (let from = 0; from < events; from += TOGETHER)
      await ground.control.publishMany(
        Array.from({ length: TOGETHER }, (_, n) => ({ type: `heap.t${n % ENDPOINTS}`, data: DATA })),
      );
    await untilTrue(async () => (await ground.worked()).delivered >= events);
    const { held } = await ground.worked();
    return [atMost(`deliveries of ${events} turned away`, held, 0, "")];
  },
};
