/**
 * The fleet's rates where they lie with another Redis than the deliveries that ask: who gets no answer is held, as if it were over
 * its rate. It has a slot while it asks, and a few hundred that wait for a Redis that is away would be all attempts of a worker.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { FleetRate, Turn } from "./ports.ts";
import { waitAtMost } from "./wait-at-most.ts";

const PATIENCE_MS = 1_000;
const NO_ANSWER: Turn = { kind: "hold", inMs: 1_000 };

export function patientRate(rate: FleetRate): FleetRate {
  /** Questions that somebody has lost patience with. While there are any nobody asks more: they would only pile up. */
  let overdue = 0;
  return {
    enter: async (id, limit, hasWaited) => {
      if (overdue > 0) return NO_ANSWER;
      let answer: Turn | null = null;
      const asked = rate.enter(id, limit, hasWaited).then((given) => {
        answer = given;
      });
      await waitAtMost(PATIENCE_MS, asked);
      // An answer that lies in the socket is read first: then it was this process that stood still (trap 50).
      if (answer === null) await turn();
      if (answer !== null) return answer;
      overdue += 1;
      const settled = (): void => {
        overdue -= 1;
      };
      asked.then(settled, settled);
      return NO_ANSWER;
    },
  };
}
