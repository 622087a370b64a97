/**
 * Row 33: three kill -9 of a whole fleet while deliveries are buried. What was being written is written again; every count
 * that the API shows is what the receivers and the queues themselves say.
 */
import { hash } from "node:crypto";
import { asEndpointId } from "../../../src/core/brand.ts";
import type { DeliveryStatus } from "../../../src/core/delivery.ts";
import { until } from "../../support/until.ts";
import { isAnswered2xx, type Kept, readKept } from "../harness/ledger.ts";
import type { HttpReceiver, Post } from "../harness/receiver.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const KILLS = 3;
const WORKERS = 2;
const EVENTS = 800;
const PAGE = 500;
const OPTIONS = { breakerFailureThreshold: 10_000 };

export const countsAfterKills: Row = {
  number: 33,
  fault: "three kill -9 of the fleet while deliveries are buried",
  buries: ["exhausted", "final_status"],
  run: async (scene) => {
    await scene.open();
    const receivers = await openReceivers(scene);
    const fleet = await scene.fleet(WORKERS, OPTIONS);
    const producer = await scene.producer("count", { events: EVENTS, perSecond: 40 });
    // POSTs of those before it stay off the record.
    let lost = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const buried = await deadLetters(scene);
      await until("more are buried", async () => (await deadLetters(scene)) > buried + 20, 60_000);
      await scene.meanwhile(0, 1_000);
      await Promise.all(fleet.members().map((victim) => victim.kill("SIGKILL")));
      const unrecorded = await countUnrecorded(scene);
      scene.allowDuplicates(Math.max(0, unrecorded - lost));
      lost = Math.max(lost, unrecorded);
      scene.say("kill -9 of the fleet");
      await fleet.complete();
    }
    await producer.finished;
    await scene.drained(120_000);

    const kept = await readKept(scene.hookwaveUrl);
    for (const receiver of receivers) await compare(scene, receiver, kept);
    const { dead } = await scene.hookwave.queueCounts();
    scene.check("all dead letters are in the index", dead.depth === kept.reasons.length, dead.depth);
    const found = await scene.hookwave.deadLetters.count({});
    scene.check("the list of all has as many", found === kept.reasons.length, found);
  },
};

const deadLetters = async ({ hookwave }: Scene): Promise<number> => (await hookwave.queueCounts()).dead.depth;

/** POSTs that no attempt on record tells of. One that is read after its sender's death was sent before. */
async function countUnrecorded(scene: Scene): Promise<number> {
  const recorded = (await scene.attempts()).length;
  await scene.redis.ask("PING");
  return scene.receivers.reduce((sum, { posts }) => sum + posts.length, 0) - recorded;
}

/**
 * One that takes everything, one that takes a third at once and a third the second time, and two that take nothing. What
 * was taken once is taken again, as it may be sent twice.
 */
async function openReceivers(scene: Scene): Promise<readonly HttpReceiver[]> {
  const asked = new Map<string, number>();
  const moodOf = ({ id }: Post) => {
    const times = (asked.get(id) ?? 0) + 1;
    asked.set(id, times);
    return { status: times > hash("sha256", id).charCodeAt(0) % 3 ? 200 : 404, afterMs: 20 };
  };
  const retrySchedule = [300, 300];
  return [
    await scene.receiver("willing", { plan: () => ({ status: 200, afterMs: 20 }) }),
    await scene.receiver("moody", { retrySchedule: retrySchedule.slice(1), plan: moodOf }),
    await scene.receiver("never", { retrySchedule, plan: () => ({ status: 404, afterMs: 20 }) }),
    await scene.receiver("final", { profile: "ai-core", plan: () => ({ status: 400, afterMs: 20 }) }),
  ];
}

/** Everything that the API counts of an endpoint, beside what the receiver and the queues themselves say. */
async function compare(scene: Scene, { endpointId, posts }: HttpReceiver, kept: Kept): Promise<void> {
  const { hookwave } = scene;
  const id = asEndpointId(endpointId);
  const delivered = new Set(posts.filter(isAnswered2xx).map((post) => post.id)).size;
  const buried = kept.buriedFor.filter((one) => one === endpointId).length;
  const statistics = await hookwave.endpoints.statistics(endpointId);
  const { data: health } = await hookwave.health({ after: null, limit: 100 });
  const shown = health.find((one) => one.id === endpointId);
  const recorded = (await scene.attempts()).filter((one) => one.endpointId === endpointId);
  const found = {
    statistics: [statistics.delivered, statistics.buried, statistics.waiting].join(" "),
    day: [statistics.lastDay.delivered, statistics.lastDay.buried, statistics.lastDay.attempts].join(" "),
    lists: [
      await countListed(scene, endpointId, "delivered"),
      await countListed(scene, endpointId, "buried"),
    ].join(" "),
    letters: await hookwave.deadLetters.count({ endpoint: id }),
    waiting: [shown?.waiting, shown?.oldestAgeMs].join(" "),
  };
  const expected = {
    statistics: `${delivered} ${buried} 0`,
    day: `${delivered} ${buried} ${recorded.length}`,
    lists: `${delivered} ${buried}`,
    letters: buried,
    waiting: "0 0",
  };
  const [says, is] = [JSON.stringify(found), JSON.stringify(expected)];
  scene.check(`every count of ${endpointId} is the ledger's: ${is}`, says === is, says);
}

async function countListed({ hookwave }: Scene, endpoint: string, status: DeliveryStatus): Promise<number> {
  const filter = { eventId: null, endpointId: asEndpointId(endpoint), status, since: null, until: null };
  let count = 0;
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof hookwave.deliveries.list>> = await hookwave.deliveries.list(
      filter,
      {
        after,
        limit: PAGE,
      },
    );
    count += page.data.length;
    after = page.next;
  } while (after !== null);
  return count;
}
