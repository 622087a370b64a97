/**
 * Mixed load with faults, for row 25 and the soak: producers, a fleet behind a proxy that dies and is cut off, a
 * worker that is spared so that its heap can be watched, receivers of which one is moody, and a Redis with AOF
 * always. Faults come one at a time, each from a row of the matrix.
 */
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../support/until.ts";
import type { WorkerProcess } from "../../support/workers.ts";
import type { Point } from "./figures.ts";
import { slopeOf } from "./figures.ts";
import type { Fleet } from "./fleet.ts";
import { MIXED_FAULTS } from "./mixed-faults.ts";
import type { Producer } from "./producers.ts";
import type { HttpReceiver, Plan } from "./receiver.ts";
import type { Scene } from "./scene.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

export interface MixedLoad {
  readonly minutes: number;
  readonly perSecond: number;
  /** From the beginning of one fault to that of the next. */
  readonly faultEveryMs: number;
  /** Redis keeps what it must know of an event for so long; its memory grows until then. */
  readonly retentionMs: number;
  /** For so long nothing is measured: caches fill, code is compiled, events are retained. */
  readonly warmUpMs: number;
}

export interface Stage {
  readonly scene: Scene;
  readonly fleet: Fleet;
  readonly proxy: TcpProxy;
  readonly moody: HttpReceiver;
}

/** A series after warm-up and how it goes: by least squares, over the measured time. */
export interface Trend {
  readonly mean: number;
  readonly growth: number;
  readonly perMinute: number;
}

export interface MixedResult {
  readonly heap: Trend;
  readonly redis: Trend;
  readonly faults: number;
}

const RECEIVERS = 4;
const REFUSED = 0.05;
const SAMPLE_EVERY_MS = 5_000;
const DRAIN_MS = 240_000;
const MINUTE_MS = 60_000;

export async function playMixedLoad(scene: Scene, load: MixedLoad): Promise<MixedResult> {
  const { stage, spared } = await build(scene, load);
  const producer = await scene.producer("mix", {
    events: Number.MAX_SAFE_INTEGER,
    perSecond: load.perSecond,
    types: ["thing.made", "thing.changed", "thing.lost"],
    concurrency: 500,
  });
  await until("deliveries are under way", () => stage.moody.posts.length > 50);
  const samples = startSampling(scene, spared);
  const faults = await playFaults(stage, load);
  await finish(scene, stage, producer);
  const { heap, redis } = await samples.stop();
  return { heap: trendOf(heap, load.warmUpMs), redis: trendOf(redis, load.warmUpMs), faults };
}

async function build(scene: Scene, { retentionMs }: MixedLoad) {
  const { moods } = scene;
  const redis = await scene.open("always", "--save", "3600 1000000");
  const plan: Plan = () => ({ status: moods.throw() < REFUSED ? 503 : 200, afterMs: moods.between(5, 60) });
  for (let n = 0; n < RECEIVERS; n += 1) {
    await scene.receiver(`r${n}`, { events: n === 0 ? ["*"] : ["thing.made"], maxInFlight: 50, plan });
  }
  const moody = await scene.receiver("moody", { events: ["thing.changed"], timeoutMs: 3_000, plan });
  const proxy = scene.keep(await startTcpProxy(redis.port));
  const options = { eventRetentionMs: retentionMs, breakerRecoveryMs: 5_000 };
  const spared = await scene.worker(options);
  const fleet = await scene.fleet(2, options, `redis://127.0.0.1:${proxy.port}`);
  return { stage: { scene, fleet, proxy, moody }, spared };
}

/** One fault after the other until the time is over; how many there were. */
async function playFaults(stage: Stage, load: MixedLoad): Promise<number> {
  const { scene } = stage;
  const endAt = performance.now() + load.minutes * MINUTE_MS;
  let count = 0;
  while (performance.now() < endAt) {
    const nextAt = performance.now() + load.faultEveryMs;
    await scene.meanwhile(0, load.faultEveryMs / 4);
    await stage.fleet.complete();
    await scene.dice.pick(MIXED_FAULTS)(stage);
    count += 1;
    await pause(Math.max(0, Math.min(nextAt, endAt) - performance.now()));
  }
  return count;
}

async function finish(scene: Scene, { fleet }: Stage, producer: Producer): Promise<void> {
  await producer.stop();
  await fleet.complete();
  await scene.drained(DRAIN_MS);
}

function startSampling(scene: Scene, spared: WorkerProcess) {
  const heap: Point[] = [];
  const redis: Point[] = [];
  const stopped = new AbortController();
  const sample = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const at = performance.now();
      heap.push({ at, value: (await spared.memory()).heapUsed });
      const used = await usedMemory(scene).catch(() => null);
      // While Redis is away there is nothing to measure.
      if (used !== null) redis.push({ at, value: used });
      await pause(SAMPLE_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const sampling = sample();
  return {
    stop: async () => {
      stopped.abort();
      await sampling;
      return { heap, redis };
    },
  };
}

async function usedMemory({ redis }: Scene): Promise<number> {
  const info = String(await redis.ask("INFO", "memory"));
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

function trendOf(points: readonly Point[], warmUpMs: number): Trend {
  const from = (points[0]?.at ?? 0) + warmUpMs;
  const measured = points.filter(({ at }) => at >= from);
  const mean = measured.reduce((sum, { value }) => sum + value, 0) / measured.length;
  const perMs = slopeOf(measured);
  const lastedMs = (measured.at(-1)?.at ?? from) - from;
  return { mean, growth: perMs * lastedMs, perMinute: perMs * MINUTE_MS };
}
