/** Row 17: one of a hundred endpoints hangs; the others do not notice. Both phases are measured three times, in turn. */
import { until } from "../../support/until.ts";
import { compareRounds, UNDISTURBED } from "../harness/figures.ts";
import { latencyOf } from "../harness/producers.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const HEALTHY = 99;
/** After one in so many, one goes to the endpoint in question: of 104 types, five are 5 % of the traffic. */
const EVERY = 20;
const PHASE_EVENTS = 1_600;
const PER_SECOND = 200;
const DEADLINE_MS = 8_000;
/** For each worker; until its first deadline, 38 events come for the dead one. */
const SLOTS = 32;

export const deadEndpoint: Row = {
  number: 17,
  fault: "one dead endpoint (hangs) with 5 % of the traffic among 100",
  isAlone: true,
  run: async (scene) => {
    await scene.open();
    const healthyTypes = Array.from({ length: HEALTHY }, (_, n) => `healthy.t${n}`);
    for (const [n, type] of healthyTypes.entries()) await scene.receiver(`h${n}`, { events: [type] });
    await scene.receiver("spare", { events: ["spare.made"] });
    const dead = await scene.receiver("dead", { events: ["dead.made"], timeoutMs: DEADLINE_MS });
    // Without a breaker, which would take the load away: whoever waits for the dead one in a job's slot keeps the slot.
    await scene.fleet(2, { workerConcurrency: SLOTS, breakerFailureThreshold: 10_000 });
    // Evenly among the others: what is published together goes into one job.
    const typesWith = (type: string) =>
      healthyTypes.flatMap((healthy, n) => (n % EVERY === 0 ? [healthy, type] : [healthy]));

    // Everything is compiled and every connection open before anything counts.
    await phase(scene, "warm", typesWith("spare.made"));
    const usual: (readonly number[])[] = [];
    const beside: (readonly number[])[] = [];
    let hung = 0;
    for (const round of [1, 2, 3]) {
      usual.push(await phase(scene, `without${round}`, typesWith("spare.made")));
      const was = dead.behave(() => "never");
      beside.push(await phase(scene, `beside${round}`, typesWith("dead.made")));
      hung += dead.open();
      dead.behave(was);
      await until("none hangs any more", () => dead.open() === 0);
    }

    const { kept, found } = compareRounds(beside, usual);
    scene.check(UNDISTURBED, kept, found);
    scene.check("the dead one was asked", hung > 0, `${hung} POSTs hung in the end`);
  },
};

/** Publishes a phase's events; the latencies of those for healthy endpoints, in ms. */
async function phase(scene: Scene, name: string, types: readonly string[]): Promise<readonly number[]> {
  scene.say(`phase ${name}`);
  const producer = await scene.producer(name, { events: PHASE_EVENTS, perSecond: PER_SECOND, types });
  await producer.finished;
  const healthy = scene.receivers.filter(({ endpointId }) => endpointId.startsWith("h"));
  const posts = () =>
    healthy.flatMap((receiver) => receiver.posts.filter(({ id }) => id.startsWith(`evt_${name}_`)));
  const expected = Array.from({ length: PHASE_EVENTS }, (_, n) => types[n % types.length]).filter((type) =>
    type?.startsWith("healthy"),
  ).length;
  await until("the healthy ones have got theirs", () => posts().length >= expected, 60_000);
  return posts().map(latencyOf);
}
