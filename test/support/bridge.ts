/** A legacy bus and a bridge from it for a test: messages as the service writes them, the command, and its counts. */
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { type RunningCommand, startCommand, type Variables } from "./command.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { startHookwave, startRedis, type TestHookwave, type TestRedis } from "./service.ts";
import { until } from "./until.ts";

export const LIST = "models";
export const PROCESSING = `${LIST}:processing:bridge`;
export const CHANNEL = `${LIST}:pubsub`;

/** A payload in the service's own spelling, with a number that a parser would change. */
export const payloadOf = (n: number): string =>
  `{"model_id": "m-${n}", "idempotency_key": "key-${n}", "current_value": 0.10, "big": 12345678901234567890}`;

export function messageOf(payload: string, messageId: string = randomUUID()): string {
  return `{"message_id": "${messageId}", "message_type": "model_ready_to_deploy", "payload": ${payload}, "timestamp": "2026-01-31T12:00:00.123456", "retry_count": 0, "max_retries": 3}`;
}

export interface BusAndService extends AsyncDisposable {
  /** The legacy Redis, with a client of the test's own. */
  readonly old: TestRedis;
  readonly bus: Redis;
  /** The Redis of the service, likewise. */
  readonly redis: TestRedis;
  readonly admin: Redis;
  readonly receiver: Receiver;
  readonly hookwave: TestHookwave;
  /** Variables with which a bridge finds both. */
  readonly variables: Variables;
}

/** Two servers, a service on one of them, and a receiver of all events. `oldArgs`: for the legacy one. */
export async function startBusAndService(...oldArgs: readonly string[]): Promise<BusAndService> {
  const [old, redis] = [await startRedis(...oldArgs), await startRedis()];
  const [bus, admin] = [old, redis].map(({ url }) => new Redis(url, { maxRetriesPerRequest: null }));
  if (bus === undefined || admin === undefined) throw new Error("there are two servers");
  const receiver = await startReceiver();
  const hookwave = await startHookwave(redis);
  await hookwave.endpoints.add({ url: receiver.url });
  return {
    ...{ old, bus, redis, admin, receiver, hookwave },
    variables: { REDIS_URL: redis.url, LEGACY_REDIS_URL: old.url },
    [Symbol.asyncDispose]: async () => {
      await hookwave.close();
      for (const client of [bus, admin]) client.disconnect();
      await receiver.close();
      await old[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

export const TAKEOVER = ["bridge", "--list", LIST, "--takeover", "--json"] as const;

/** A bridge that has begun. */
export async function startBridge(
  variables: Variables,
  words: readonly string[] = TAKEOVER,
): Promise<RunningCommand> {
  const bridge = startCommand(words, variables);
  await until(`a line of the bridge ${bridge.stderr()}`, () => bridge.stdout().includes('"started"'));
  return bridge;
}

/** Ends it as a supervisor does, and says its last counts. */
export async function endBridge(bridge: RunningCommand) {
  bridge.signal("SIGTERM");
  expect(await bridge.ended()).toBe(0);
  expect(bridge.stderr()).toBe("");
  return bridge.log().at(-1);
}

/** Which kinds of lines it has said. */
export const saidBy = (bridge: RunningCommand, kind: string) =>
  bridge.log().filter((line) => line["kind"] === kind);

/** With a server that stands still and says nothing; it goes on afterwards, also when that was in vain. */
export async function whileFrozen(pid: number, work: () => Promise<unknown>): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await work();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}
