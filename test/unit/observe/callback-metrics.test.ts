/** Metrics of the inbox: callbacks by source and signature, whose labels are bounded like those of endpoints. */
import { expect, it } from "vitest";
import { asSourceId } from "../../../src/core/brand.ts";
import type { Readings } from "../../../src/observe/gauges.ts";
import { createMetrics } from "../../../src/observe/metrics.ts";
import { ONE_OF_EACH } from "./happenings.ts";

const NONE = { depth: 0, oldestAgeMs: 0, overdueMs: 0 };
const READINGS: Readings = {
  queues: async () => ({ new: NONE, retrying: NONE, dead: NONE }),
  missing: async () => 0,
  endpoints: async () => [],
  workers: async () => new Map(),
  redis: async () => ({
    ...{ memoryBytes: 0, memoryMaxBytes: 0, evictsNothing: true, isAofWell: true, skewMs: null },
  }),
  certificates: () => [],
  inFlight: () => 0,
};

function metricsAfter(sources: readonly string[], endpointLabels: number) {
  const metrics = createMetrics({
    endpointLabels,
    version: "1.2.3",
    readings: () => READINGS,
    monotonicMs: () => 0,
    tell: () => undefined,
  });
  for (const source of sources)
    metrics.tell({ ...ONE_OF_EACH["callback.received"], source: asSourceId(source) });
  metrics.tell(ONE_OF_EACH["source.unsigned"]);
  metrics.tell(ONE_OF_EACH["callbacks.removed"]);
  return metrics;
}

it("callbacks are counted by source and signature, each series from 0, and past a bound as other", async () => {
  const metrics = metricsAfter(["one", "one", "two", "three"], 2);
  const text = await metrics.expose();
  const series = (source: string, signature: string) =>
    new RegExp(
      `^hookwave_callbacks_total\\{source="${source}",signature="${signature}"\\} (\\d+)$`,
      "m",
    ).exec(text)?.[1];

  expect(["one", "two", "other", "three", "llm"].map((source) => series(source, "invalid"))).toEqual([
    "2",
    "1",
    "1",
    undefined,
    undefined,
  ]);
  expect([series("one", "valid"), series("two", "unsigned"), series("other", "valid")]).toEqual([
    "0",
    "0",
    "0",
  ]);
  expect(text).toMatch(/^hookwave_callbacks_removed_total 3$/m);
});
