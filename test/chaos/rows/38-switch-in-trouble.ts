/** Row 38: the switch is turned while a worker and a producer are frozen, and others are cut off; none acts on the older phase. */
import { setTimeout as pause } from "node:timers/promises";
import type { Phase } from "../../../src/core/migration.ts";
import { until } from "../../support/until.ts";
import { BUS_EVENTS, publishedAt, readBus } from "../harness/bus-ledger.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";
import { startTcpProxy } from "../harness/tcp-proxy.ts";

// so
const FROZEN_MS = 10_000;
const OBEYED_WITHIN_MS = 2_000;

export const switchInTrouble: Row = {
  number: 38,
  fault: "the switch is turned while processes are frozen or cut off",
  run: async (scene) => {
    const redis = await scene.open();
    await scene.receiver("default", { maxInFlight: 200 });
    const proxy = scene.keep(await startTcpProxy(redis.port));
    const cutUrl = `redis://127.0.0.1:${proxy.port}`;
    // The bus is at the same address for all; only the store is cut off.
    const bus = { ...BUS_EVENTS, legacyRedisUrl: redis.url };
    await turn(scene, "dual");
    const [frozen] = [await scene.worker(bus), await scene.worker(bus), await scene.worker(bus, cutUrl)];
    const plan = { events: Number.MAX_SAFE_INTEGER, perSecond: 60, bus };
    const stopped = await scene.producer("frozen", plan);
    const producers = [stopped, await scene.producer("cut", { ...plan, redisUrl: cutUrl })];
    // Long enough for some to be of dual beyond doubt.
    await until("the bus has some", async () => (await acknowledgedSince(scene, 0)).length > 600);

    const inTrouble = async (phase: Phase): Promise<number> => {
      await scene.fault(`frozen, cut off, and then ${phase}`, "redis", () => {
        process.kill(frozen.pid, "SIGSTOP");
        stopped.signal("SIGSTOP");
        proxy.blackHole();
      });
      await turn(scene, phase);
      const turnedAt = Date.now();
      await pause(FROZEN_MS);
      await scene.fault("they go on", "redis", () => {
        proxy.restore();
        stopped.signal("SIGCONT");
        process.kill(frozen.pid, "SIGCONT");
      });
      const back = Date.now();
      await until("producers go on", async () => (await acknowledgedSince(scene, back + 3_000)).length > 50);
      return turnedAt;
    };
    const toWebhook = await inTrouble("webhook");
    const toDual = await inTrouble("dual");
    await Promise.all(producers.map((producer) => producer.stop()));
    await scene.drained();
    // After ten seconds of silence all comes at once: what the bus did not take in time is written a moment later.
    const isWritten = async () => (await scene.hookwave.migration.status()).late === 0;
    await until("nothing is late", () => isWritten().catch(() => false), 30_000);
    await judge(scene, toWebhook, toDual);
  },
};

const turn = async ({ hookwave }: Scene, phase: Phase): Promise<unknown> =>
  await hookwave.migration.set({
    phase,
    forMs: null,
    reason: null,
    backlog: null,
    shares: null,
    by: "row 38",
  });

const acknowledgedSince = async (scene: Scene, sinceMs: number) =>
  (await scene.readAcknowledged()).filter((one) => publishedAt(one) >= sinceMs);

/** By when an event was published first: what was under way at a turn may belong to either phase. */
async function judge(scene: Scene, toWebhook: number, toDual: number): Promise<void> {
  const ledger = await readBus(scene.redis);
  const all = await scene.readAcknowledged();
  const between = (fromMs: number, toMs: number) =>
    all.filter((one) => publishedAt(one) >= fromMs && publishedAt(one) < toMs);
  const inWebhook = between(toWebhook + OBEYED_WITHIN_MS, toDual - OBEYED_WITHIN_MS);
  const stale = ledger.presentOf(inWebhook).length;
  scene.check("nobody acts on dual after it has ended", stale === 0, `${stale} of ${inWebhook.length}`);
  const inDual = between(toDual + OBEYED_WITHIN_MS, Number.POSITIVE_INFINITY);
  const missing = ledger.missingOf(inDual).length;
  scene.check("nobody acts on webhook after it has ended", missing === 0, `${missing} of ${inDual.length}`);
  const atFirst = between(0, toWebhook - 2 * OBEYED_WITHIN_MS);
  const lost = ledger.missingOf(atFirst).length;
  scene.check("the bus has what was published in dual", lost === 0, `${lost} of ${atFirst.length} missing`);
}
