/** Row 17: one of a hundred endpoints hangs; the others do not notice. Both phases are measured twice, in turn. */
import { until } from "../../support/until.ts";
import { percentile } from "../harness/figures.ts";
import { latencyOf } from "../harness/producers.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const HEALTHY = 99;
/** Of 104 types, five go to the endpoint in question: 5 % of the traffic. */
const SHARE = 5;
const PHASE_EVENTS = 1_600;
const PER_SECOND = 200;
const ALLOWED = 1.5;

export const deadEndpoint: Row = {
  number: 17,
  fault: "one dead endpoint (hangs) with 5 % of the traffic among 100",
  isAlone: true,
  run: async (scene) => {
    await scene.open();
    const healthyTypes = Array.from({ length: HEALTHY }, (_, n) => `healthy.t${n}`);
    for (const [n, type] of healthyTypes.entries()) await scene.receiver(`h${n}`, { events: [type] });
    await scene.receiver("spare", { events: ["spare.made"] });
    await scene.receiver("dead", { events: ["dead.made"], plan: () => "never", timeoutMs: 5_000 });
    await scene.fleet(2);
    const typesWith = (type: string) => [...healthyTypes, ...Array.from({ length: SHARE }, () => type)];

    // Everything is compiled and every connection open before anything counts.
    await phase(scene, "warm", typesWith("spare.made"));
    const without: number[] = [];
    const beside: number[] = [];
    for (const round of [1, 2]) {
      without.push(...(await phase(scene, `without${round}`, typesWith("spare.made"))));
      beside.push(...(await phase(scene, `beside${round}`, typesWith("dead.made"))));
    }

    const [baseline, found] = [percentile(without, 0.99), percentile(beside, 0.99)];
    scene.check(
      "healthy p99 ≤ 1.5 × baseline",
      found <= ALLOWED * baseline,
      `${found.toFixed(1)} ms, ${(found / baseline).toFixed(2)} × ${baseline.toFixed(1)} ms`,
    );
    const reached = scene.receivers.at(-1)?.posts.length ?? 0;
    scene.check("the dead one was asked and held", reached > 0, `${reached} POSTs`);
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
