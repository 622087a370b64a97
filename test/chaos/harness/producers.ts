/** Starts producers as child processes and reads what they were promised: the files of their acknowledgements. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BusOptions } from "../../../src/app/publishing.ts";
import type { Durability } from "../../../src/core/durability.ts";
import { COMPILE_CACHE } from "../../support/workers.ts";
import type { Post } from "./receiver.ts";

export interface ProducerPlan {
  readonly redisUrl: string;
  readonly shards: number;
  /** Part of its events' ids. */
  readonly name: string;
  /** Their number; it ends by itself after them. */
  readonly events: number;
  readonly perSecond: number;
  /** Publishes that may be open at a time. */
  readonly concurrency: number;
  /** Its events' types in turn. */
  readonly types: readonly string[];
  readonly dataBytes: number;
  /** Codes after which it publishes again with the same id; any other ends it, and the row. */
  readonly refusals: readonly string[];
  readonly durability: Durability;
  /** The bus that it writes in phase redis; the defaults when absent. */
  readonly bus?: Partial<BusOptions>;
}

export interface ProducerReport {
  readonly acknowledged: number;
  /** Events that were refused at least once and published again. */
  readonly repeated: number;
  readonly slowestRefusalMs: number;
  /** The same of those that were refused because they would not have been as durable as asked. */
  readonly slowestDurabilityRefusalMs: number;
}

export interface Producer extends AsyncDisposable {
  /** Resolves when all its events are acknowledged. */
  readonly finished: Promise<ProducerReport>;
  /** Tells it to publish nothing new, and waits for it. */
  readonly stop: () => Promise<ProducerReport>;
  readonly signal: (name: NodeJS.Signals) => void;
}

export interface Acknowledged {
  readonly id: string;
  readonly type: string;
}

const FILE = "acknowledged.txt";

export function startProducer(
  directory: string,
  plan: ProducerPlan,
  variables: Readonly<Record<string, string>>,
): Producer {
  const script = new URL("./producer-process.ts", import.meta.url);
  const file = join(directory, FILE);
  const child = fork(script, [JSON.stringify({ ...plan, file })], {
    stdio: ["ignore", 2, 2, "ipc"],
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, ...variables },
  });
  const exited = once(child, "exit");
  const finished = Promise.race([
    once(child, "message").then(([report]) => report),
    exited.then(([code]) =>
      Promise.reject(new Error(`producer ${plan.name} ended with ${code} before its time`)),
    ),
  ]);
  // A row that fails elsewhere never asks for it.
  finished.catch(() => undefined);
  return {
    finished,
    stop: () => {
      if (child.connected) child.send("stop");
      return finished;
    },
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}

export async function readAcknowledged(directory: string): Promise<readonly Acknowledged[]> {
  const text = await readFile(join(directory, FILE), "utf8").catch(() => "");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [id = "", type = ""] = line.split(" ");
      return { id, type };
    });
}

/** From an event's first publish to this POST of it, in ms. */
export function latencyOf({ id, at }: Post): number {
  return performance.timeOrigin + at - Number(id.split("_").at(-1));
}
