/**
 * Wires a worker's side of what operators are told: the ladder that failing endpoints climb, what is done at its top, and the
 * relay that publishes it all.
 */
import { system } from "../config/system.ts";
import type { EndpointId } from "../core/brand.ts";
import { tellFailure } from "../core/happening.ts";
import { subjectOf } from "../core/operator-event.ts";
import { disabledForFailing } from "../endpoints/revision.ts";
import { endpointNote, SERVICE } from "../manage/audit.ts";
import { createOperatorRelay, type OperatorRelay } from "../queue/operator-relay.ts";
import { enqueueKept, type Queues } from "../queue/queues.ts";
import type { Climb } from "../store/attempt-log.ts";
import type { Step } from "../store/ladder.ts";
import { createOperatorFacts } from "../store/operator-events.ts";
import type { Redis } from "../store/redis.ts";
import type { FleetState } from "./fleet-state.ts";

interface WorkerOperators extends Pick<OperatorRelay, "start" | "stop"> {
  readonly climb: Climb;
}

export function wireOperators(fleet: FleetState, redis: Redis, queues: Queues): WorkerOperators {
  const { config, keys, endpoints, tell } = fleet;
  const { disableAfterMs } = config;
  const relay = createOperatorRelay({
    facts: createOperatorFacts(redis, keys),
    findEndpoint: async (id) => {
      await endpoints.reload(id);
      return endpoints.get(id);
    },
    isOwed: (event, acceptedAt) =>
      endpoints.subscribedTo(event.type, acceptedAt).some(({ id }) => id !== subjectOf(event)),
    enqueue: (kept) => enqueueKept(queues, kept),
    tell,
  });
  const disable = async (id: EndpointId): Promise<void> => {
    const how = (found: Parameters<typeof disabledForFailing>[0]) =>
      disabledForFailing(found, disableAfterMs, system.now());
    const disabled = await endpoints.changeFailing(id, how, endpointNote("endpoint.disabled", SERVICE));
    if (disabled === null) return;
    tell({ kind: "endpoint.disabled", endpointId: id, because: disabled.disabledBecause ?? "" });
    relay.look();
  };
  const onStep = (step: Step): void => {
    if (step.kind === "due") {
      disable(step.endpointId).catch(tellFailure(tell, "disable_failing"));
      return;
    }
    tell(
      step.kind === "failing"
        ? { ...step, kind: "endpoint.failing", leftMs: Math.max(0, disableAfterMs - step.failedMs) }
        : { ...step, kind: "endpoint.recovered" },
    );
    relay.look();
  };
  return { climb: { disableAfterMs, onStep }, start: relay.start, stop: relay.stop };
}
