/** Row 36: the embedded Redis of a service is killed, three times under load; the service starts it again. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { apiUrl, LOOPBACK_VARIABLES, startCommand } from "../../support/command.ts";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

const EVENTS = 2_000;
const KILLS = 3;
const BACK_WITHIN_MS = 5_000;

export const embeddedKilled: Row = {
  number: 36,
  fault: "kill -9 of an embedded Redis, three times under load",
  recoveryWithinMs: BACK_WITHIN_MS,
  run: async (scene) => {
    const redis = await scene.open();
    const { dataDir } = redis;
    const receiver = await scene.receiver("one");
    // The service finds the server that runs in its directory; the next one is its own.
    const variables = scene.variables({ HOOKWAVE_DATA_DIR: dataDir, ...LOOPBACK_VARIABLES });
    const service = scene.keep(startCommand(["start"], variables));
    const url = await apiUrl(service);
    const isReady = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).status === 200;
    await until("it is ready", isReady);
    const producer = await scene.producer("kept", { events: EVENTS, perSecond: 200 });

    for (let kills = 1; kills <= KILLS; kills += 1) {
      await scene.meanwhile(500, 1_500);
      const note = await readFile(join(dataDir, "redis.json"), "utf8");
      const delivered = receiver.posts.length;
      await until("deliveries go on", () => receiver.posts.length > delivered);
      const killedAt = await scene.fault("kill -9 of Redis", "redis", () =>
        process.kill(JSON.parse(note).pid, "SIGKILL"),
      );
      const seen = receiver.posts.length;
      const another = async (): Promise<boolean> =>
        (await readFile(join(dataDir, "redis.json"), "utf8")) !== note;
      const isBack = await until("another one runs", another, BACK_WITHIN_MS).catch(() => false);
      if (!isBack) {
        scene.check("another one runs", false, "none");
        await redis.startAgain();
      }
      await until("it is ready again", isReady);
      await until("and delivers", () => receiver.posts.length > seen);
      scene.recoveryMs = Math.max(scene.recoveryMs ?? 0, performance.now() - killedAt);
    }
    await producer.finished;
    await scene.drained();
    const said = service
      .log()
      .filter(({ notice }) => String(notice).startsWith("the embedded Redis had ended"));
    scene.check("one line of the log for each", said.length === KILLS, said.length);
  },
};
