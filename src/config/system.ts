/**
 * The machine's clock and dice. The only module that reads them, so that everything else can be tested
 * with a clock that stands still and dice that fall as told.
 */
import { randomUUID } from "node:crypto";
import type { System } from "../core/system.ts";

export const system: System = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  idleMs: () => performance.eventLoopUtilization().idle,
  dice: () => Math.random(),
  uuid: () => randomUUID(),
};
