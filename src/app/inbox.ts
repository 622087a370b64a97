/** Wires the inbox: sources, what they send, and what people may do with it, over the connection that also publishes. */
import { system } from "../config/system.ts";
import { askShards, mapShards } from "../core/shards.ts";
import { type CallbackManagementDeps, createCallbackManagement } from "../manage/callbacks.ts";
import { createReceiveCallback } from "../manage/receive-callback.ts";
import { createSourceManagement } from "../manage/sources.ts";
import { watchUnsignedSources } from "../manage/unsigned-sources.ts";
import { CALLBACK_BOUNDS, createCallbacks } from "../store/callbacks.ts";
import { createEventLedger } from "../store/event-ledger.ts";
import type { FleetState } from "./fleet-state.ts";

type Others = Pick<CallbackManagementDeps, "publisher" | "sendAgain">;

export function wireInbox(fleet: FleetState, { publisher, sendAgain }: Others) {
  const { config, redis, keys, shards, sources, endpoints, tell } = fleet;
  const { eventRetentionMs: retentionMs } = config;
  const { now } = system;
  const callbacks = createCallbacks(redis, keys, { retentionMs, bounds: CALLBACK_BOUNDS, now });
  const ledgers = mapShards(shards, (shard) => createEventLedger(shard.redis, shard.keys, retentionMs, tell));
  const { start, stop } = watchUnsignedSources({ sources, tell, now });
  return {
    sources: createSourceManagement(sources, now),
    callbacks: createCallbackManagement({
      callbacks,
      sources,
      publisher,
      ledger: {
        claim: (batch) =>
          askShards(
            ledgers,
            batch.events,
            ({ id }) => id,
            (ledger, events) => ledger.claim({ ...batch, events }),
          ),
      },
      endpoints,
      sendAgain,
      system,
    }),
    receiveCallback: createReceiveCallback({ sources, callbacks, tell, now }),
    start,
    stop,
  };
}
