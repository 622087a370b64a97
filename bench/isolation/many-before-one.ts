/** A hundred thousand events of one type before a single one of another. */
import { clockMs, dueId } from "../due.ts";
import { atMost } from "../finding.ts";
import { DATA } from "../workload.ts";
import type { Case } from "./case.ts";
import { openGround, untilTrue } from "./ground.ts";

const EVENTS = 100_000;
const TOGETHER = 1_000;

export const manyBeforeOne: Case = {
  name: "100,000 events of one type before one of another",
  run: async ({ isQuick }) => {
    await using ground = await openGround();
    await ground.endpoint("many", ground.healthy.url, { events: ["many.made"], maxInFlight: 100 });
    await ground.endpoint("one", ground.healthy.url, { events: ["one.made"] });
    const events = Array.from({ length: TOGETHER }, () => ({ type: "many.made", data: DATA }));
    for (let left = isQuick ? 5_000 : EVENTS; left > 0; left -= TOGETHER)
      await ground.control.publishMany(events);
    await ground.control.publish({ id: dueId(clockMs(), 0), type: "one.made", data: DATA });
    await untilTrue(async () => (await ground.healthy.lateMs()).length === 1);
    const [lateMs = Number.NaN] = await ground.healthy.lateMs();
    const left = (await ground.control.queueCounts()).new.depth;
    return [atMost(`it comes, with ${left} jobs of the others still waiting, after`, lateMs / 1_000, 1, "s")];
  },
};
