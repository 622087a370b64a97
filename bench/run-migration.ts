/**
 * A child of the comparison of phases: the worker, or the publisher. It answers each question with what it has measured
 * of itself, and goes on until its parent lets go of it.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createPublisher } from "../src/publisher.ts";
import { startService } from "./modes/hookwave.ts";
import { quantile } from "./quantile.ts";
import { DATA, EVENT_TYPE, inFlight, type Setup, setupSchema } from "./workload.ts";

/** At the end of a measurement: what its deliveries took from their acceptance on, too. */
const workQuestionSchema = z.object({ isOver: z.boolean() });
const questionSchema = z
  .object({ steady: z.number(), perSecond: z.number() })
  .or(z.object({ most: z.number() }));

/** A list that is read, in effect: its maximum is never near. */
const BUS = { legacyRedisEvents: [EVENT_TYPE], legacyRedisListMax: 100_000_000 };

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

async function work(setup: Setup): Promise<AsyncDisposable> {
  let delivered = 0;
  let latenciesMs: number[] = [];
  const service = await startService(
    setup,
    (happening) => {
      if (happening.kind !== "attempt.finished" || happening.record.outcome !== "delivered") return;
      delivered += 1;
      latenciesMs.push(happening.latencyMs ?? Number.POSITIVE_INFINITY);
    },
    BUS,
  );
  const latency = () => {
    const [p50Ms, p99Ms] = [quantile(latenciesMs, 0.5), quantile(latenciesMs, 0.99)];
    latenciesMs = [];
    return { p50Ms, p99Ms };
  };
  process.on("message", (message) => {
    const { isOver } = workQuestionSchema.parse(message);
    process.send?.({ cpuUs: cpuUs(), delivered, ...(isOver && latency()) });
  });
  return { [Symbol.asyncDispose]: service.close };
}

function publish({ redisUrl }: Setup): AsyncDisposable {
  const publisher = createPublisher({ redisUrl, bus: BUS });
  const event = { type: EVENT_TYPE, data: DATA };
  const waited = async (): Promise<number> => {
    const startedAt = performance.now();
    await publisher.publish(event);
    return performance.now() - startedAt;
  };

  const steadily = async (seconds: number, perSecond: number): Promise<readonly number[]> => {
    const waits: Promise<number>[] = [];
    const startedAt = performance.now();
    while (waits.length < seconds * perSecond) {
      while (waits.length < ((performance.now() - startedAt) / 1_000) * perSecond) waits.push(waited());
      await sleep(1);
    }
    return await Promise.all(waits);
  };

  const answer = async (question: z.output<typeof questionSchema>) => {
    const before = cpuUs();
    const startedAt = performance.now();
    const waits: number[] = [];
    if ("steady" in question) waits.push(...(await steadily(question.steady, question.perSecond)));
    else await inFlight(question.most, async () => void waits.push(await waited()));
    return {
      events: waits.length,
      perSecond: (1_000 * waits.length) / (performance.now() - startedAt),
      cpuUs: cpuUs() - before,
      p50Ms: quantile(waits, 0.5),
      p99Ms: quantile(waits, 0.99),
    };
  };
  process.on("message", async (message) => process.send?.(await answer(questionSchema.parse(message))));
  return { [Symbol.asyncDispose]: publisher.close };
}

const [part = "", setupText = ""] = process.argv.slice(2);
const setup = setupSchema.parse(JSON.parse(setupText));
await using _ = part === "worker" ? await work(setup) : publish(setup);
process.send?.("ready");
await once(process, "disconnect");
