/** Row 13: Redis takes no writes for a while; what was answered is recorded when it does again, not sent again (trap 5). */
import { until } from "../../support/until.ts";
import { failingSaves, type Refusal, readOnlyReplica } from "../harness/refused-writes.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

const FOR_MS = 3_000;

export const readOnly: Row = {
  number: 13,
  fault: "Redis read-only for 3 s; BGSAVE failing (MISCONF)",
  recoveryWithinMs: 20_000,
  run: async (scene) => {
    const redis = await scene.open("everysec", "--save", "3600 1000000");
    const receiver = await scene.receiver("one", {
      maxInFlight: 50,
      plan: () => ({ status: 200, afterMs: scene.moods.between(50, 200) }),
    });
    await scene.fleet(2);
    const producer = await scene.producer("ro", { events: 2_500, perSecond: 150 });
    await until("deliveries are under way", () => receiver.posts.length > 100);

    const readOnlyMs = await refuseWrites(scene, "READONLY", readOnlyReplica(redis));
    const misconfMs = await refuseWrites(scene, "MISCONF", failingSaves(redis));

    scene.recoveryMs = Math.max(readOnlyMs, misconfMs);
    await producer.finished;
    await scene.drained();
  },
};

/** For how long after the end nothing was delivered, in ms. */
async function refuseWrites(scene: Scene, code: string, refusal: Refusal): Promise<number> {
  await scene.meanwhile(0, 1_500);
  await refusal.begin();
  const said = await scene.redis.ask("SET", "probe", "1").catch((error: Error) => error.message);
  scene.check(`Redis says ${code}`, String(said).startsWith(code), String(said).slice(0, 40));
  scene.say(code);
  await scene.meanwhile(FOR_MS, FOR_MS);
  await refusal.end();
  const endedAt = performance.now();
  const posts = () => scene.receivers.flatMap((receiver) => receiver.posts);
  const next = await until("a delivery comes", () => posts().find(({ at }) => at > endedAt), 30_000);
  return next.at - endedAt;
}
