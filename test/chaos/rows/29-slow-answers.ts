/** Row 29: two hundred receivers that answer after 10 s, or never, beside a healthy one, which does not notice. */
import { until } from "../../support/until.ts";
import { compareRounds, UNDISTURBED } from "../harness/figures.ts";
import { latencyOf } from "../harness/producers.ts";
import type { HttpReceiver } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const SLOW = 100;
const HANGING = 100;
const ANSWER_MS = 10_000;
const PER_SECOND = 250;
/** A thousand answers of the healthy one a phase: of three hundred the 99th percentile was the machine's. */
const SECONDS = 8;
/** Fewer than there are endpoints in trouble: each of them would fill a slot. */
const SLOTS = 64;

export const slowAnswers: Row = {
  number: 29,
  fault: "100 receivers that answer 200 after 10 s and 100 that hang, beside a healthy one",
  isAlone: true,
  run: async (scene) => {
    await scene.open();
    const healthy = await scene.receiver("healthy", { events: ["healthy.made"] });
    const troubled: HttpReceiver[] = [];
    for (let n = 0; n < SLOW + HANGING; n += 1)
      troubled.push(await scene.receiver(`t${n}`, { events: [`trouble.t${n}`], timeoutMs: 15_000 }));
    // Without a breaker, which would take the load away.
    await scene.fleet(2, { workerConcurrency: SLOTS, breakerFailureThreshold: 10_000 });

    const types = troubled.flatMap((_, n) => ["healthy.made", `trouble.t${n}`]);
    await phase(scene, healthy, "warm", types);
    const usual: (readonly number[])[] = [];
    const beside: (readonly number[])[] = [];
    for (const round of [1, 2, 3]) {
      usual.push(await phase(scene, healthy, `without${round}`, types));
      const was = troubled.map((one, n) =>
        one.behave(() => (n < SLOW ? { status: 200, afterMs: ANSWER_MS } : "never")),
      );
      await phase(scene, healthy, `fill${round}`, types);
      beside.push(await phase(scene, healthy, `beside${round}`, types));
      for (const [n, one] of troubled.entries()) one.behave(was[n] ?? (() => ({ status: 200 })));
      await until("none is slow any more", () => troubled.every((one) => one.open() === 0), 60_000);
    }
    const { kept, found } = compareRounds(beside, usual);
    scene.check(UNDISTURBED, kept, found);
  },
};

/** Publishes a phase's events; the latencies of those for the healthy one, in ms. */
async function phase(
  scene: Scene,
  healthy: HttpReceiver,
  name: string,
  types: readonly string[],
): Promise<readonly number[]> {
  scene.say(`phase ${name}`);
  const producer = await scene.producer(name, { events: PER_SECOND * SECONDS, perSecond: PER_SECOND, types });
  await producer.finished;
  const expected = Array.from({ length: PER_SECOND * SECONDS }, (_, n) => types[n % types.length]).filter(
    (type) => type === "healthy.made",
  ).length;
  const posts = () => healthy.posts.filter(({ id }) => id.startsWith(`evt_${name}_`));
  await until("the healthy one has got its own", () => posts().length >= expected, 60_000);
  return posts().map(latencyOf);
}
