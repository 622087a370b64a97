/**
 * Wires the dead letters: their queue with its index, and replays with their runner. A delivering process starts that, and
 * the sweep through what is shown as waiting.
 */
import { system } from "../config/system.ts";
import type { EndpointId } from "../core/brand.ts";
import { tellFailure } from "../core/happening.ts";
import { createDeadLetters } from "../queue/dead-letters.ts";
import { createOutbox } from "../queue/outbox.ts";
import type { Queues } from "../queue/queues.ts";
import { createLetterReplay } from "../queue/replay-letter.ts";
import { createReplayRunner } from "../queue/replay-runner.ts";
import { createReplays } from "../queue/replays.ts";
import { createWaitingSweep } from "../queue/waiting-sweep.ts";
import { createBurial } from "../store/burial.ts";
import { readIncarnation } from "../store/endpoint-outlines.ts";
import { endpointUnknown } from "../store/endpoints.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import { createReplayBook } from "../store/replays.ts";
import { createWaitingEntries } from "../store/waiting-entries.ts";
import type { FleetState } from "./fleet-state.ts";

export function wireDeadLetters(fleet: FleetState, queues: Queues) {
  const { config, redis, keys, endpoints, waiting, tell } = fleet;
  const index = createLetterIndex(redis, keys);
  const { stateOf } = createEventLedger(redis, keys, config.eventRetentionMs, tell);
  const isHeard = () => endpoints.isHeard("delivery.dead_lettered");
  const { eventRetentionMs: retentionMs } = config;
  const buryDelivery = createBurial({ redis, keys, retentionMs, system, tell, isHeard });
  const outbox = createOutbox({ queues, letters: index, buryDelivery, tell });
  // A process that replays need not have the key that opens what it replays to.
  const findEndpoint = (id: EndpointId) => readIncarnation(redis, keys, id);
  const replayLetter = createLetterReplay({ queues, redis, outbox, waiting, stateOf, findEndpoint });
  const deadLetters = createDeadLetters({
    queues,
    redis,
    index,
    replayLetter,
    now: system.now,
  });

  const book = createReplayBook(redis, keys, config.eventRetentionMs);
  const replays = createReplays({
    book,
    index,
    insistOnEndpoint: async (id) => {
      await endpoints.reload(id);
      if (endpoints.get(id) === undefined) throw endpointUnknown(id);
    },
    system,
  });
  const sweep = createWaitingSweep({
    entries: createWaitingEntries(redis, keys),
    queues,
    redis,
    endpointIds: () => endpoints.all().map(({ id }) => id),
    fail: tellFailure(tell, "sweep_waiting"),
  });
  const runner = createReplayRunner({ book, index, replayLetter, tell, system });

  return {
    deadLetters,
    outbox,
    replays: { ...replays, attend: runner.attend },
    start: () => {
      deadLetters.reindex().catch(tellFailure(tell, "reindex_letters"));
      if (config.role === "api") return;
      runner.start();
      sweep.start();
    },
    stop: async () => {
      sweep.stop();
      await runner.stop();
    },
  };
}
