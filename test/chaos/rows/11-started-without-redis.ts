/** Row 11: the service starts and is asked to publish while there is no Redis; it says so at once, and recovers. */
import { apiUrl, LOOPBACK_VARIABLES, startCommand } from "../../support/command.ts";
import { until } from "../../support/until.ts";
import type { Row } from "../harness/row.ts";

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
    const variables = { REDIS_URL: redis.url, HOOKWAVE_DATA_DIR: redis.dataDir, ...LOOPBACK_VARIABLES };
    const service = scene.keep(startCommand(["start", "--role", "api"], variables));
    const url = await apiUrl(service);
    const publish = () => publishOverHttp(url, "evt_early");

    // The first one may wait for the first connection; from then on it is known to be down.
    await publish();
    const refusals: Timed[] = [];
    for (let n = 0; n < ASKED; n += 1) refusals.push(await publish());
    const slowest = Math.max(...refusals.map(({ tookMs }) => tookMs));
    const statuses = [...new Set(refusals.map(({ status }) => status))].join();
    scene.check("publish answers 503", statuses === "503", statuses);
    scene.check(
      "within 50 ms",
      slowest <= REFUSED_WITHIN_MS,
      `the slowest of ${ASKED}: ${slowest.toFixed(0)} ms`,
    );
    const [ready, healthy] = await Promise.all(
      ["readyz", "healthz"].map(async (path) => (await fetch(`${url}/${path}`)).status),
    );
    scene.check("/readyz 503, /healthz 200", ready === 503 && healthy === 200, `${ready}, ${healthy}`);

    await redis.startAgain();
    await until("it is ready", async () => (await fetch(`${url}/readyz`)).status === 200);
    const accepted = await publish();
    scene.check("publishing works when Redis is there", accepted.status === 202, accepted.status);
    await scene.worker();
    await until("it has come", () => receiver.posts.length > 0);
    await scene.drained();
  },
};

interface Timed {
  readonly status: number;
  readonly tookMs: number;
}

async function publishOverHttp(url: string, id: string): Promise<Timed> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id, type: "thing.made", data: {} }),
  });
  await response.text();
  return { status: response.status, tookMs: performance.now() - startedAt };
}
