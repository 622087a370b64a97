/** Row 28: two hundred endpoints whose names no server answers for; three healthy ones, asked for anew at each POST, do not notice. */
import { startNameServer, type Zone } from "../../support/name-server.ts";
import { until } from "../../support/until.ts";
import { compareRounds, UNDISTURBED } from "../harness/figures.ts";
import { latencyOf } from "../harness/producers.ts";
import { type HttpReceiver, startReceiver } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import type { EndpointOptions, Scene } from "../harness/scene.ts";

const HEALTHY = 3;
const DEAD = 200;
const PER_SECOND = 150;
const SECONDS = 8;
/** The dead ones' breakers let a probe through so often: their names are looked up all the time, as those of many more would be. */
const RECOVERY_MS = 15_000;
/** Nothing is to be given up before the names are answered for. */
const PATIENT: EndpointOptions = { retrySchedule: Array.from({ length: 24 }, () => 10_000) };

/** Nothing of it is to be kept, so that each connection asks. */
const HERE = { addresses: ["127.0.0.1"], ttl: 0 };
const withoutAnswers: Zone = (name) => (name.startsWith("dead") ? "never" : HERE);

export const namesUnanswered: Row = {
  number: 28,
  fault: "200 endpoints whose names no server answers for, beside 3 healthy ones",
  isAlone: true,
  run: async (scene) => {
    await scene.open();
    const nameServer = scene.keep(await startNameServer(withoutAnswers));
    const healthy = await receivers(scene, "healthy", HEALTHY);
    await receivers(scene, "dead", DEAD, PATIENT);
    await receivers(scene, "spare", 1);
    await scene.fleet(2, { dnsServers: [nameServer.address], breakerRecoveryMs: RECOVERY_MS });
    const typesBeside = (other: (n: number) => string) =>
      Array.from({ length: DEAD }, (_, n) => [`healthy.t${n % HEALTHY}`, other(n)]).flat();
    const without = typesBeside(() => "spare.t0");
    const beside = typesBeside((n) => `dead.t${n}`);

    await phase(scene, healthy, "warm", without);
    // The trouble does not end between two phases, so that those without it come first.
    const usual = await phases(scene, healthy, "without", without);
    const troubled = await phases(scene, healthy, "beside", beside);
    const { kept, found } = compareRounds(troubled, usual);
    scene.check(UNDISTURBED, kept, found);
    const records = (await scene.attempts()).filter(({ endpointId }) => endpointId.startsWith("healthy"));
    const charged = records.filter(
      ({ outcome, attemptNumber }) => outcome !== "delivered" || attemptNumber > 1,
    );
    scene.check(
      "no healthy attempt fails or is charged",
      charged.length === 0,
      `${charged.length} of ${records.length}`,
    );

    nameServer.answers(() => HERE);
    await scene.drained(120_000);
  },
};

/** Receivers under names of their own, which close each connection. */
async function receivers(
  scene: Scene,
  kind: string,
  count: number,
  options: EndpointOptions = {},
): Promise<readonly HttpReceiver[]> {
  const all: HttpReceiver[] = [];
  for (let n = 0; n < count; n += 1) {
    const receiver = await startReceiver(`${kind}${n}`, [`${kind}.t${n}`], () => ({
      status: 200,
      headers: { connection: "close" },
    }));
    const url = receiver.url.replace("127.0.0.1", `${kind}-${n}.test`);
    all.push(await scene.register({ ...receiver, url }, options));
  }
  return all;
}

/** Three phases, since trouble takes a while until it is all there. */
async function phases(
  scene: Scene,
  healthy: readonly HttpReceiver[],
  name: string,
  types: readonly string[],
): Promise<readonly (readonly number[])[]> {
  const rounds: (readonly number[])[] = [];
  for (const round of [1, 2, 3]) rounds.push(await phase(scene, healthy, `${name}${round}`, types));
  return rounds;
}

/** Publishes a phase's events; the latencies of those for the healthy ones, in ms. */
async function phase(
  scene: Scene,
  healthy: readonly HttpReceiver[],
  name: string,
  types: readonly string[],
): Promise<readonly number[]> {
  scene.say(`phase ${name}`);
  const events = PER_SECOND * SECONDS;
  const producer = await scene.producer(name, { events, perSecond: PER_SECOND, types });
  await producer.finished;
  const expected = Array.from({ length: events }, (_, n) => types[n % types.length]).filter((type) =>
    type?.startsWith("healthy"),
  ).length;
  const posts = () =>
    healthy.flatMap((receiver) => receiver.posts.filter(({ id }) => id.startsWith(`evt_${name}_`)));
  await until("the healthy ones have got theirs", () => posts().length >= expected, 120_000);
  return posts().map(latencyOf);
}
