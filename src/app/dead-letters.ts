/** Wires the dead letters: their queue with its index, and replays with their runner, which a delivering process starts. */
import { system } from "../config/system.ts";
import { tellFailure } from "../core/happening.ts";
import { createDeadLetters } from "../queue/dead-letters.ts";
import { createOutbox } from "../queue/outbox.ts";
import type { Queues } from "../queue/queues.ts";
import { createLetterReplay } from "../queue/replay-letter.ts";
import { createReplayRunner } from "../queue/replay-runner.ts";
import { createReplays } from "../queue/replays.ts";
import { endpointUnknown } from "../store/endpoints.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import { createLetterIndex } from "../store/letter-index.ts";
import { createReplayBook } from "../store/replays.ts";
import { createStatistics } from "../store/statistics.ts";
import type { FleetState } from "./fleet-state.ts";

export function wireDeadLetters(fleet: FleetState, queues: Queues) {
  const { config, redis, keys, endpoints, waiting, tell } = fleet;
  const index = createLetterIndex(redis, keys);
  const { stateOf } = createEventLedger(redis, keys, config.eventRetentionMs, tell);
  const { countBuried } = createStatistics(redis, keys, system.now);
  const outbox = createOutbox({ queues, letters: index, countBuried, tell });
  const replayLetter = createLetterReplay({ queues, redis, outbox, waiting, stateOf });
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
  const runner = createReplayRunner({ book, index, replayLetter, tell, system });

  return {
    deadLetters,
    outbox,
    replays: { ...replays, attend: runner.attend },
    start: () => {
      deadLetters.reindex().catch(tellFailure(tell, "reindex_letters"));
      if (config.role !== "api") runner.start();
    },
    stop: runner.stop,
  };
}
