/** Row 3: as row 2, and in the middle Redis itself is killed. */
import type { Row } from "../harness/row.ts";
import { rollingKills } from "./rolling-kills.ts";

export const redisKilledToo: Row = {
  number: 3,
  fault: "the same, with a Redis kill -9 in the middle (AOF always)",
  run: async (scene) => {
    const redis = await scene.open("always");
    await rollingKills(scene, async () => {
      await scene.meanwhile(500, 2_000);
      await scene.fault("kill -9 Redis", "redis", redis.kill);
      await redis.startAgain();
    });
  },
};
