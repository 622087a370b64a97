/**
 * The load, the same in every mode: an event whose body is about 1 KB of ordinary JSON, 100 in flight; and what a mode
 * is told about the run.
 */
import { z } from "zod";

export const IN_FLIGHT = 100;
export const EVENT_TYPE = "bench.measured";
/** A benchmark keeps no secrets. */
export const SECRET = `whsec_${Buffer.alloc(32, "bench").toString("base64")}`;

export const DATA = {
  model_id: "bench-model",
  registered_version: "17",
  baseline_metrics: { accuracy: 0.9312, f1: 0.9127, latency_ms: 12.75 },
  description: "All work and no play makes a dull benchmark. ".repeat(17).trim(),
};

export const BODY = JSON.stringify({
  type: EVENT_TYPE,
  timestamp: "2026-01-31T12:00:00.000Z",
  data: DATA,
});

/** The ground on which a run takes place. */
const groundSchema = z.object({
  redisUrl: z.string(),
  /** A folder of the run's own, for what is written beside Redis. */
  dataDir: z.string(),
});
export type Ground = z.output<typeof groundSchema>;

const stretchSchema = z.object({
  /** Deliveries, or events, before the measurement begins: the warm-up. */
  skip: z.number(),
  /** Those that are measured. */
  count: z.number(),
});
export type Stretch = z.output<typeof stretchSchema>;

export const setupSchema = z.object({
  ...groundSchema.shape,
  ...stretchSchema.shape,
  receiverUrl: z.string(),
});
export type Setup = z.output<typeof setupSchema>;

/** Runs `work` `times` times, `atOnce` at a time. */
export async function inFlight(
  times: number,
  work: (index: number) => Promise<void>,
  atOnce = IN_FLIGHT,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < times) {
      next += 1;
      await work(next);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
