/**
 * The channel that a bridge hears. Pub/sub keeps nothing: what is published while the connection is lost is gone, so
 * that time is measured; what was heard is kept in memory until it is an event, up to a bound.
 */
import type { BridgeSource, BusMessage } from "../bus/bridge-ports.ts";
import { type Redis, redisUnavailable } from "./redis.ts";

/** About a quarter of an hour of a busy bus, and no more memory than a small container has. */
const WAITING_MAX = 10_000;
const WAITING_MAX_BYTES = 64 * 1_024 * 1_024;
/** A connection that only listens sends nothing, and would never learn that it is dead (store/changes.ts). */
const ASK_FOR_LIFE_MS = 1_000;

/** Hears the channel from here on; rejects when Redis does not let it. `monotonicMs` gives ms that never go back. */
export async function openChannelSource(
  redis: Redis,
  channel: string,
  monotonicMs: () => number,
): Promise<BridgeSource> {
  const heard = createHeard();
  const ear = watchConnection(redis, channel, monotonicMs);
  redis.on("messageBuffer", (_channel: Buffer, message: Buffer) => {
    ear.lives();
    heard.add(message);
  });
  try {
    await ear.listen();
  } catch (cause) {
    ear.stop();
    throw redisUnavailable(`a refusal to subscribe: ${String(cause).slice(0, 200)}`, cause);
  }
  return {
    take: heard.take,
    remove: async (messages) => messages.forEach(heard.forget),
    bury: async (message) => heard.forget(message),
    finish: () => {
      ear.stop();
      heard.end();
    },
    standing: () => ({ ...heard.standing(), ...ear.standing() }),
  };
}

/** Messages that were heard and are not settled, in their order. */
function createHeard() {
  const waiting = new Set<BusMessage>();
  let [bytes, dropped, hasEnded] = [0, 0, false];
  let wake: () => void = () => undefined;

  const untilHeard = async (waitMs: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    wake = resolve;
    await promise;
    clearTimeout(timer);
  };

  return {
    add: (message: BusMessage): void => {
      if (hasEnded) return;
      if (waiting.size >= WAITING_MAX || bytes + message.length > WAITING_MAX_BYTES) {
        dropped += 1;
        return;
      }
      bytes += message.length;
      waiting.add(message);
      wake();
    },
    take: async (max: number, waitMs: number): Promise<readonly BusMessage[]> => {
      if (waiting.size === 0 && !hasEnded) await untilHeard(waitMs);
      return waiting.values().take(max).toArray();
    },
    forget: (message: BusMessage): void => {
      if (waiting.delete(message)) bytes -= message.length;
    },
    end: (): void => {
      hasEnded = true;
      wake();
    },
    standing: () => ({ waiting: waiting.size, dropped }),
  };
}

/** The connection: subscribes after each reconnection, and counts the time from its last sign of life until then. */
function watchConnection(redis: Redis, channel: string, monotonicMs: () => number) {
  let [aliveAt, deafSince, deafMs] = [monotonicMs(), Number.NaN, 0];
  const isDeaf = (): boolean => !Number.isNaN(deafSince);
  const lives = (): void => {
    aliveAt = monotonicMs();
  };
  const listen = async (): Promise<void> => {
    await redis.subscribe(channel);
    lives();
    if (isDeaf()) deafMs += monotonicMs() - deafSince;
    deafSince = Number.NaN;
  };
  const onReady = (): void => {
    // A connection that is lost again says so by itself.
    listen().catch(() => undefined);
  };
  const onClose = (): void => {
    if (!isDeaf()) deafSince = aliveAt;
  };
  redis.on("ready", onReady).on("close", onClose);
  const asking = setInterval(() => {
    if (redis.status === "ready") redis.ping().then(lives, () => undefined);
  }, ASK_FOR_LIFE_MS);
  return {
    listen,
    lives,
    stop: (): void => {
      clearInterval(asking);
      redis.off("ready", onReady).off("close", onClose);
    },
    standing: () => ({
      disconnectedMs: deafMs + (isDeaf() ? monotonicMs() - deafSince : 0),
      isDeaf: isDeaf(),
    }),
  };
}
