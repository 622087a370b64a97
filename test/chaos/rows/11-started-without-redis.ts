/** Row 11: there is no Redis, from the start or all of a sudden; publishing says so at once, and recovers by itself. */
import { apiUrl, LOOPBACK_VARIABLES, startCommand } from "../../support/command.ts";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";
import type { Scene } from "../harness/scene.ts";

/** Known without Redis. Of anybody else nobody could say who they are, and they would get no further than that. */
const API_KEY = "hw_live_for_a_row_without_any_redis";
const ASKED = 20;
const REFUSED_WITHIN_MS = 50;

export const startedWithoutRedis: Row = {
  number: 11,
  fault: "publish, and start, while Redis is down",
  isAlone: true,
  run: async (scene) => {
    const redis = await scene.open();
    const receiver = await scene.receiver("one");
    await redis.stop();
    const variables = {
      REDIS_URL: redis.url,
      HOOKWAVE_DATA_DIR: redis.dataDir,
      HOOKWAVE_API_KEY: API_KEY,
      ...LOOPBACK_VARIABLES,
    };
    const service = scene.keep(startCommand(["start", "--role", "api"], scene.variables(variables)));
    const url = await apiUrl(service);
    const isReady = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).status === 200;

    await refuses(scene, url, "started without Redis");
    const [ready, healthy] = await Promise.all(
      ["readyz", "healthz"].map(async (path) => (await fetch(`${url}/${path}`)).status),
    );
    scene.check("/readyz 503, /healthz 200", ready === 503 && healthy === 200, `${ready}, ${healthy}`);

    await redis.startAgain();
    await until("it is ready", isReady);
    const accepted = await publish(url, "evt_early");
    scene.check("publishing works when Redis is there", accepted.status === 202, accepted.status);
    scene.acknowledged.push({ id: "evt_early", type: "thing.made" });
    await redis.stop();
    await refuses(scene, url, "Redis gone");

    await redis.startAgain();
    await until("it is ready again", isReady);
    const repeated = await publish(url, "evt_early");
    scene.check("and again, after it was gone", repeated.status === 202, repeated.status);
    await scene.worker();
    await until("it has come", () => receiver.posts.length > 0);
    await scene.drained();
  },
};

/** The first one may wait for a connection; from then on it is known to be down. */
async function refuses(scene: Scene, url: string, when: string): Promise<void> {
  await publish(url, "evt_early");
  const answers: Answer[] = [];
  for (let n = 0; n < ASKED; n += 1) answers.push(await publish(url, "evt_early"));
  const said = [...new Set(answers.map(({ status, code }) => `${status} ${code}`))].join();
  scene.check(`${when}: publish answers 503`, said === "503 REDIS_UNAVAILABLE", said);
  const slowest = Math.max(...answers.map(({ tookMs }) => tookMs));
  const found = `the slowest of ${ASKED}: ${slowest.toFixed(0)} ms`;
  scene.check(`${when}: within ${REFUSED_WITHIN_MS} ms`, slowest <= REFUSED_WITHIN_MS, found);
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly tookMs: number;
}

async function publish(url: string, id: string): Promise<Answer> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ id, type: "thing.made", data: {} }),
  });
  const { code = "" } = JSON.parse(await response.text());
  return { status: response.status, code, tookMs: performance.now() - startedAt };
}
