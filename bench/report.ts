/**
 * Turns the rounds into what is printed: a table for people, one JSON object for programs. Figures are medians over
 * the rounds; a ratio is the median of each round's own ratio, because neighbours on a busy machine share its mood.
 */
import type { Latency } from "./latency.ts";
import { median } from "./median.ts";
import type { Cost, ServedCosts } from "./served.ts";
import type { Measured } from "./stopwatch.ts";

export type Round<Mode extends string> = Readonly<Record<Mode, Measured>>;
export type DeliveryMode = "raw" | "perJob" | "hookwave";
export type PublishMode = "publish" | "publishMany" | "singleAdd";

export interface Results {
  readonly deliveries: readonly Round<DeliveryMode>[];
  readonly publishing: readonly Round<PublishMode>[];
  readonly latency: Latency;
  readonly served: ServedCosts;
}

export function reportJson({ deliveries, publishing, latency, served }: Results) {
  const delivering = (mode: DeliveryMode) => {
    const { perSecond, cpuUsEach, redisCpuUsEach } = medianOf(deliveries.map((round) => round[mode]));
    return {
      deliveriesPerSecond: perSecond,
      cpuUsPerDelivery: cpuUsEach,
      redisCpuUsPerDelivery: redisCpuUsEach,
    };
  };
  const storing = (mode: PublishMode) => {
    const { perSecond, cpuUsEach, redisCpuUsEach } = medianOf(publishing.map((round) => round[mode]));
    return { eventsPerSecond: perSecond, cpuUsPerEvent: cpuUsEach, redisCpuUsPerEvent: redisCpuUsEach };
  };
  return {
    raw: delivering("raw"),
    perJob: delivering("perJob"),
    hookwave: delivering("hookwave"),
    publish: {
      publish: storing("publish"),
      publishMany: storing("publishMany"),
      singleAdd: storing("singleAdd"),
    },
    served: {
      ingest: costOf(served.ingest),
      endToEnd: costOf(served.endToEnd),
      steady: costOf(served.steady),
    },
    latency: { p50Ms: round(latency.p50Ms, 2), p99Ms: round(latency.p99Ms, 2) },
    ratios: {
      hookwaveToRaw: ratio(deliveries, "hookwave", "raw"),
      hookwaveToPerJob: ratio(deliveries, "hookwave", "perJob"),
      publishToSingleAdd: ratio(publishing, "publish", "singleAdd"),
      publishManyToSingleAdd: ratio(publishing, "publishMany", "singleAdd"),
    },
  };
}

export function reportTable(results: Results): string {
  const { deliveries, publishing, latency, served } = results;
  const rows = [
    ["", "per second", "× base", "Node µs each", "Redis µs each"],
    ["deliveries", "", "", "", ""],
    tableRow("  raw", deliveries, "raw", "raw"),
    tableRow("  perJob", deliveries, "perJob", "raw"),
    tableRow("  hookwave", deliveries, "hookwave", "raw"),
    ["events published", "", "", "", ""],
    tableRow("  singleAdd", publishing, "singleAdd", "singleAdd"),
    tableRow("  publish", publishing, "publish", "singleAdd"),
    tableRow("  publishMany", publishing, "publishMany", "singleAdd"),
    ["one event each", "", "", "", ""],
    costRow("  http, stored", served.ingest),
    costRow("  http, delivered", served.endToEnd),
    costRow("  steady", served.steady),
  ];
  const lines = rows.map(([name = "", ...cells]) =>
    [name.padEnd(18), ...cells.map((cell) => cell.padStart(14))].join("").trimEnd(),
  );
  const { hookwaveToPerJob } = reportJson(results).ratios;
  return [
    ...lines,
    `hookwave is ${hookwaveToPerJob} × perJob`,
    `publish → receiver: p50 ${latency.p50Ms.toFixed(1)} ms, p99 ${latency.p99Ms.toFixed(1)} ms`,
  ].join("\n");
}

function tableRow<Mode extends string>(
  name: string,
  rounds: readonly Round<Mode>[],
  mode: Mode,
  base: Mode,
): readonly string[] {
  const { perSecond, cpuUsEach, redisCpuUsEach } = medianOf(rounds.map((one) => one[mode]));
  return [
    name,
    perSecond.toLocaleString("en"),
    ratio(rounds, mode, base).toFixed(2),
    cpuUsEach.toFixed(1),
    redisCpuUsEach.toFixed(1),
  ];
}

function costOf({ perSecond, cpuUsEach, redisCpuUsEach }: Cost) {
  return {
    eventsPerSecond: round(perSecond, 0),
    cpuUsPerEvent: round(cpuUsEach, 1),
    redisCpuUsPerEvent: round(redisCpuUsEach, 1),
  };
}

function costRow(name: string, { perSecond, cpuUsEach, redisCpuUsEach }: Cost): readonly string[] {
  return [
    name,
    round(perSecond, 0).toLocaleString("en"),
    "",
    cpuUsEach.toFixed(1),
    redisCpuUsEach.toFixed(1),
  ];
}

function medianOf(measured: readonly Measured[]): Measured {
  const of = (pick: (one: Measured) => number): number => median(measured.map(pick));
  return {
    perSecond: round(
      of((one) => one.perSecond),
      0,
    ),
    cpuUsEach: round(
      of((one) => one.cpuUsEach),
      1,
    ),
    redisCpuUsEach: round(
      of((one) => one.redisCpuUsEach),
      1,
    ),
  };
}

function ratio<Mode extends string>(rounds: readonly Round<Mode>[], mode: Mode, base: Mode): number {
  return round(median(rounds.map((one) => one[mode].perSecond / one[base].perSecond)), 2);
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
