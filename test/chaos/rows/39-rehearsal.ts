/** The rehearsal of a migration and its way back, under load, with a worker killed in each phase; a ledger for each side. */
import { setTimeout as pause } from "node:timers/promises";
import type { BacklogChoice, Phase } from "../../../src/core/migration.ts";
import { until } from "../../support/until.ts";
import { BUS_EVENTS, readBus } from "../harness/bus-ledger.ts";
import type { Fleet } from "../harness/fleet.ts";
import type { Acknowledged } from "../harness/producers.ts";
import type { HttpReceiver } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const EVENTS = 400;
const PER_SECOND = 200;
const OBEYED_WITHIN_MS = 2_000;
/** Refused while the phase is primary: the bus is to get them. */
const isRefused = ({ id }: Pick<Acknowledged, "id">): boolean => /^evt_2primary_\d*0_/.test(id);

const WAY: readonly (readonly [phase: Phase, backlog: BacklogChoice | null])[] = [
  ["dual", null],
  ["primary", null],
  ["webhook", null],
  ["redis", null],
  ["dual", "deliver"],
];

export const rehearsal: Row = {
  number: 39,
  fault: "dual, primary, webhook, redis, dual, with a kill -9 in each",
  defect: "short-locks",
  run: async (scene) => {
    await scene.open();
    let isRefusing = true;
    const receiver = await scene.receiver("default", {
      maxInFlight: 200,
      plan: (post) => ({
        status: isRefusing && isRefused(post) ? 503 : 200,
        afterMs: scene.moods.between(5, 50),
      }),
    });
    const fleet = await scene.fleet(2, {
      ...BUS_EVENTS,
      redisFallbackAfterMs: 1_000,
      breakerFailureThreshold: 10_000,
    });
    for (const [at, [phase, backlog]] of WAY.entries()) {
      await turn(scene, phase, backlog);
      const name = `${at + 1}${phase}`;
      const events = await playPhase(scene, fleet, name);
      await judge(scene, receiver, phase, events);
      if (phase === "primary") isRefusing = false;
    }
    await scene.drained();
    await until("nothing is kept", async () => (await scene.hookwave.migration.status()).backlog === 0);
    await scene.drained();
  },
};

async function turn({ hookwave }: Scene, phase: Phase, backlog: BacklogChoice | null): Promise<void> {
  await hookwave.migration.set({ phase, backlog, forMs: null, reason: null, shares: null, by: "rehearsal" });
  await pause(OBEYED_WITHIN_MS);
}

/** Its own producer's events, all of them taken on by a worker. */
async function playPhase(scene: Scene, fleet: Fleet, name: string): Promise<readonly Acknowledged[]> {
  const refusals = ["REDIS_UNAVAILABLE", "BUS_UNAVAILABLE"];
  const producer = await scene.producer(name, {
    events: EVENTS,
    perSecond: PER_SECOND,
    bus: BUS_EVENTS,
    refusals,
  });
  await scene.meanwhile(300, 1_500);
  const victim = scene.dice.pick(fleet.members());
  await scene.fault(`kill -9 a worker in ${name}`, "worker", () => victim.kill("SIGKILL"));
  await producer.finished;
  await fleet.complete();
  await until("all are taken on", async () => (await scene.hookwave.queueCounts()).new.depth === 0);
  return (await scene.readAcknowledged()).filter(({ id }) => id.startsWith(`evt_${name}_`));
}

async function judge(
  scene: Scene,
  receiver: HttpReceiver,
  phase: Phase,
  events: readonly Acknowledged[],
): Promise<void> {
  const owed = phase === "primary" ? events.filter(isRefused) : phase === "webhook" ? [] : events;
  const isAll = async (): Promise<boolean> => (await readBus(scene.redis)).missingOf(owed).length === 0;
  await until("the bus has what it is owed", isAll).catch(() => undefined);
  const ledger = await readBus(scene.redis);
  const missing = ledger.missingOf(owed).length;
  scene.check(
    `in ${phase} the bus has what it is owed`,
    missing === 0,
    `${missing} of ${owed.length} missing`,
  );
  if (phase === "webhook") {
    const present = ledger.presentOf(events).length;
    scene.check("in webhook it has nothing", present === 0, `${present} of ${events.length}`);
  }
  // One kill in each phase, and each event is published in one.
  scene.check(
    `in ${phase} an entry is repeated once at most`,
    ledger.mostRepeats <= 1,
    `${ledger.mostRepeats}, ${ledger.repeats} in all`,
  );
  const posted = new Set(receiver.posts.map(({ id }) => id));
  const early = phase === "redis" ? events.filter(({ id }) => posted.has(id)).length : 0;
  scene.check(`in ${phase} webhooks are where they belong`, early === 0, `${early} sent`);
}
