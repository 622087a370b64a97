/**
 * Looks now and then through the deliveries that are shown as waiting, and takes out what has ended, or what has neither a
 * job nor a place in a line any more. One process of the fleet does it at a time; nothing of a delivery is touched.
 */
import type { EndpointId } from "../core/brand.ts";
import { type AcceptedKey, ROUNDS_LOOKED_FOR } from "../core/delivery.ts";
import { deliveryJobIds } from "./names.ts";
import type { RawKeys, WaitingEntries } from "./ports.ts";
import type { Queues } from "./queues.ts";

interface WaitingSweep {
  /** At once, and each hour from then on, unless another process has done it within the hour. */
  readonly start: () => void;
  readonly stop: () => void;
  /** All of it, whoever has done it before. */
  readonly sweep: () => Promise<void>;
}

interface WaitingSweepDeps {
  readonly entries: WaitingEntries;
  readonly queues: Pick<Queues, "deliveries">;
  readonly redis: Pick<RawKeys, "exists">;
  readonly endpointIds: () => readonly EndpointId[];
  readonly fail: (error: unknown) => void;
}

const EVERY_MS = 60 * 60 * 1_000;

export function createWaitingSweep({
  entries,
  queues,
  redis,
  endpointIds,
  fail,
}: WaitingSweepDeps): WaitingSweep {
  const hasJob = async (one: AcceptedKey): Promise<boolean> => {
    for (let round = 0; round < ROUNDS_LOOKED_FOR; round += 1) {
      for (const jobId of deliveryJobIds({ ...one, round })) {
        if ((await redis.exists(queues.deliveries.toKey(jobId))) === 1) return true;
      }
    }
    return false;
  };

  const sweepOne = async (id: EndpointId): Promise<void> => {
    let from: number | null = 0;
    while (from !== null) {
      const { unknown, next } = await entries.check(id, from);
      const lost: AcceptedKey[] = [];
      for (const one of unknown) if (!(await hasJob(one))) lost.push(one);
      await entries.takeOut(id, lost);
      from = next === null ? null : Math.max(0, next - lost.length);
    }
  };

  const sweep = async (): Promise<void> => {
    for (const id of endpointIds()) await sweepOne(id);
  };

  let timer: NodeJS.Timeout | undefined;
  const look = (): void =>
    void entries
      .takeTurn()
      .then((hasTurn) => (hasTurn ? sweep() : undefined))
      .catch(fail);
  return {
    start: () => {
      look();
      timer = setInterval(look, EVERY_MS).unref();
    },
    stop: () => clearInterval(timer),
    sweep,
  };
}
