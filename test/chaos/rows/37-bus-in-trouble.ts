/** Row 37: the bus fails in five ways in dual, and workers die beside it; both sides end with everything. */
import { createPublisher } from "../../../src/app/publishing.ts";
import { until } from "../../support/until.ts";
import { BUS_EVENTS, readBus } from "../harness/bus-ledger.ts";
import { percentile } from "../harness/figures.ts";
import type { RedisServer } from "../harness/redis-server.ts";
import { readOnlyReplica } from "../harness/refused-writes.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const PUBLISHES = 400;
const EVERY_MS = 5;
/** The best of so many counts: a bus that is waited for is in all of them, a pause of a busy machine is not. */
const SLICE = 50;
/** Beyond a tenth, for what is a few ms. */
const PAUSE_MS = 25;

interface Fault {
  readonly name: string;
  readonly begin: (bus: RedisServer) => unknown;
  readonly end: (bus: RedisServer) => unknown;
}

const FAULTS: readonly Fault[] = [
  { name: "stopped", begin: (bus) => bus.stop(), end: (bus) => bus.startAgain() },
  { name: "hung", begin: (bus) => bus.freeze(), end: (bus) => bus.thaw() },
  {
    name: "read-only",
    begin: (bus) => readOnlyReplica(bus).begin(),
    end: (bus) => readOnlyReplica(bus).end(),
  },
  {
    name: "out of memory",
    begin: (bus) => bus.ask("CONFIG", "SET", "maxmemory", 1),
    end: (bus) => bus.ask("CONFIG", "SET", "maxmemory", 0),
  },
  {
    name: "denied",
    begin: (bus) => bus.ask("ACL", "SETUSER", "default", "-lpush"),
    end: (bus) => bus.ask("ACL", "SETUSER", "default", "+lpush"),
  },
];

export const busInTrouble: Row = {
  number: 37,
  fault: "bus stopped, hung, read-only, full, denied; kill -9 beside it",
  isAlone: true,
  defect: "killed-at-the-bus",
  run: async (scene) => {
    const redis = await scene.open();
    const bus = await scene.startRedis("everysec");
    const receiver = await scene.receiver("default", { maxInFlight: 200 });
    const options = { legacyRedisUrl: bus.url, ...BUS_EVENTS, redisFallbackAfterMs: 1_000 };
    const fleet = await scene.fleet(2, { ...options, enableRedisFallback: true, redisFallbackMode: "dual" });
    scene.attributeDeaths(fleet);
    await using publishing = publishTo(scene, redis.url, bus.url);
    // Code is compiled, and connections are made.
    await publishing.p99Of("warm");

    const baselineMs = await publishing.p99Of("base");
    const found: string[] = [];
    let isUnchanged = true;
    for (const { name, begin, end } of FAULTS) {
      await begin(bus);
      scene.say(`the bus is ${name}`);
      const p99Ms = await publishing.p99Of(name.replaceAll(/\W/g, ""));
      isUnchanged &&= p99Ms <= 1.1 * baselineMs + PAUSE_MS;
      found.push(`${name} ${p99Ms.toFixed(1)}`);
      const sent = (await scene.readAcknowledged()).length;
      const goOn = () => new Set(receiver.posts.map(({ id }) => id)).size === sent;
      await until("webhooks go on without the bus", goOn, 20_000);
      await end(bus);
    }
    scene.check(
      "publishing takes as long as before (p99)",
      isUnchanged,
      `${found.join(", ")} of ${baselineMs.toFixed(1)} ms`,
    );
    const producer = await scene.producer("doomed", { events: 1_500, perSecond: 150 });
    await producer.finished;
    await scene.drained();
    await judge(scene, bus, fleet.deaths());
  },
};

async function judge(scene: Scene, bus: RedisServer, kills: number): Promise<void> {
  const acknowledged = await scene.readAcknowledged();
  const isAll = async (): Promise<boolean> => (await readBus(bus)).missingOf(acknowledged).length === 0;
  await until("the bus has all", isAll, 30_000).catch(() => undefined);
  const ledger = await readBus(bus);
  const missing = ledger.missingOf(acknowledged).length;
  scene.check("the bus has every event", missing === 0, `${missing} of ${acknowledged.length} missing`);
  scene.check("workers died beside the bus", kills > 0, kills);
  const allowed = kills + FAULTS.length;
  scene.check(
    "an entry is repeated once at most for each fault that may have hit it",
    ledger.mostRepeats <= allowed,
    `${ledger.mostRepeats} (≤ ${allowed}), ${ledger.repeats} in all`,
  );
}

/** A publisher in the row's own process, so that each publish can be measured. */
function publishTo(scene: Scene, redisUrl: string, legacyRedisUrl: string) {
  const publisher = createPublisher({ redisUrl, bus: { ...BUS_EVENTS, legacyRedisUrl } });
  const publish = async (id: string): Promise<number> => {
    const startedAt = performance.now();
    await publisher.publish({ id, type: "thing.made", data: { text: "x" } });
    const tookMs = performance.now() - startedAt;
    scene.acknowledged.push({ id, type: "thing.made" });
    return tookMs;
  };
  return {
    p99Of: async (name: string): Promise<number> => {
      const publishes: Promise<number>[] = [];
      for (let n = 0; n < PUBLISHES; n += 1) {
        publishes.push(publish(`evt_${name}_${n}_${Date.now()}`));
        await scene.meanwhile(EVERY_MS, EVERY_MS);
      }
      const tookMs = await Promise.all(publishes);
      const slices = Array.from({ length: PUBLISHES / SLICE }, (_, at) =>
        percentile(tookMs.slice(at * SLICE, (at + 1) * SLICE), 0.99),
      );
      return Math.min(...slices);
    },
    [Symbol.asyncDispose]: publisher.close,
  };
}
