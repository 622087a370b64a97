/** A series is level while it grows by less than a tenth. */
import type { Trend } from "./mixed-load.ts";
import type { Scene } from "./scene.ts";

/**
 * Growth over the measured time, of the mean. After collections a heap moves by a few percent with what is in work
 * at the moment; at 200 events/s, a tenth of 40 MB in 20 minutes is 17 bytes an event.
 */
const LEVEL = 0.1;
const MEGABYTE = 1_024 * 1_024;

export function checkTrend(scene: Scene, what: string, { mean, growth, perMinute }: Trend): void {
  const found = `${mega(perMinute)} a minute at ${mega(mean)}`;
  scene.check(`${what} slope ≈ 0 (growth < 10 % over the measured time)`, growth < mean * LEVEL, found);
}

const mega = (bytes: number): string => `${(bytes / MEGABYTE).toFixed(2)} MB`;
