/** Many endpoints that answer after 10 s, or never, beside a healthy one at 50 events a second. */
import { setTimeout as sleep } from "node:timers/promises";
import { atMost, type Finding } from "../finding.ts";
import { median } from "../median.ts";
import { quantile } from "../quantile.ts";
import type { Case } from "./case.ts";
import { type Ground, openGround, untilTrue } from "./ground.ts";

const PER_SECOND = 50;
const ANSWER_MS = 10_000;
const ROUNDS = 3;

export const slowAnswers: Case = {
  name: "slow answers beside a healthy endpoint",
  run: async ({ isQuick }) => {
    const seconds = isQuick ? 2 : 8;
    await using ground = await openGround();
    await ground.endpoint("healthy", ground.healthy.url, { events: ["healthy.made"] });
    await p99Of(ground, seconds);
    const findings: Finding[] = [];
    for (const { name, path, count } of [
      { name: "20 that answer after 10 s", path: `/after/${ANSWER_MS}`, count: 20 },
      { name: "200 that answer after 10 s", path: `/after/${ANSWER_MS}`, count: 200 },
      { name: "200 that never answer", path: "/never", count: 200 },
    ]) {
      const load = { count: isQuick ? 20 : count, isQuick, seconds };
      // The same events to as many endpoints that answer at once.
      const usual = await beside(ground, { ...load, path: "/after/0" });
      const troubled = await beside(ground, { ...load, path });
      const what = `${name}: healthy p99, ${troubled.toFixed(1)} ms of usually ${usual.toFixed(1)} ms`;
      findings.push(atMost(what, troubled / usual, 1.5, "×"));
    }
    return findings;
  },
};

interface Load {
  readonly path: string;
  readonly count: number;
  readonly isQuick: boolean;
  readonly seconds: number;
}

/** Each of the others gets one event a second, for as long as it takes until their answers come. */
async function beside(ground: Ground, { path, count, isQuick, seconds }: Load): Promise<number> {
  const type = `${path.slice(1).replace("/", ".t")}.c${count}`;
  const ids = Array.from({ length: count }, (_, n) => `${type.replaceAll(".", "-")}-${n}`);
  for (const id of ids)
    await ground.endpoint(id, ground.troubledUrl(path), { events: [type], timeoutMs: 30_000 });
  const warmUp = isQuick ? 1 : path === "/after/0" ? 2 : ANSWER_MS / 1_000 + 2;
  const lasts = warmUp + (isQuick ? 1 : ROUNDS) * (seconds + 1);
  const publishing = ground.publish(type, 1, lasts);
  await sleep(warmUp * 1_000);
  const p99 = await rounds(ground, isQuick ? 1 : ROUNDS, seconds);
  await publishing;
  for (const id of ids) await ground.control.endpoints.remove(id);
  return p99;
}

async function rounds(ground: Ground, count: number, seconds: number): Promise<number> {
  const figures: number[] = [];
  for (let n = 0; n < count; n += 1) figures.push(await p99Of(ground, seconds));
  return median(figures);
}

async function p99Of({ healthy, publish }: Ground, seconds: number): Promise<number> {
  const before = (await healthy.lateMs()).length;
  await publish("healthy.made", PER_SECOND, seconds);
  const expected = before + PER_SECOND * seconds;
  await untilTrue(async () => (await healthy.posts()) >= expected);
  return quantile((await healthy.lateMs()).slice(before), 0.99);
}
