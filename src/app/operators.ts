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
import type { Climb } from "../store/attempt-log.ts";
import type { Step } from "../store/ladder.ts";
import { createOperatorFacts } from "../store/operator-events.ts";
import type { FleetState } from "./fleet-state.ts";
import { enqueueWhereTaken } from "./over-shards.ts";
import { type OpenShard, withHome } from "./shards.ts";

interface WorkerOperators extends Pick<OperatorRelay, "start" | "stop"> {
  readonly climb: Climb;
}

/**
 * A fact lies where it became true: of an endpoint at home, of a dead letter with it. They are read over the connections that
 * publish, so that one shard which is away keeps nobody waiting, at the end least of all.
 */
export function wireOperators(fleet: FleetState): WorkerOperators {
  const { config, endpoints, tell } = fleet;
  const { disableAfterMs } = config;
  const relays = withHome(fleet).map((at) => openRelay(fleet, at));
  const look = (): void => {
    for (const relay of relays) relay.look();
  };
  const disable = async (id: EndpointId): Promise<void> => {
    const how = (found: Parameters<typeof disabledForFailing>[0]) =>
      disabledForFailing(found, disableAfterMs, system.now());
    const disabled = await endpoints.changeFailing(id, how, endpointNote("endpoint.disabled", SERVICE));
    if (disabled === null) return;
    tell({ kind: "endpoint.disabled", endpointId: id, because: disabled.disabledBecause ?? "" });
    look();
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
    look();
  };
  return {
    climb: { disableAfterMs, onStep },
    start: () => {
      for (const relay of relays) relay.start();
    },
    stop: async () => {
      await Promise.all(relays.map((relay) => relay.stop()));
    },
  };
}

/** Events of it may lie in any shard: one that refuses at once keeps none of the others' waiting. */
function openRelay({ endpoints, shards, tell }: FleetState, { redis, keys }: OpenShard): OperatorRelay {
  return createOperatorRelay({
    facts: createOperatorFacts(redis, keys),
    findEndpoint: async (id) => {
      await endpoints.reload(id);
      return endpoints.get(id);
    },
    isOwed: (event, acceptedAt) =>
      endpoints.subscribedTo(event.type, acceptedAt).some(({ id }) => id !== subjectOf(event)),
    enqueue: (kept) => enqueueWhereTaken(shards, kept, tellFailure(tell, "tell_operators")),
    tell,
  });
}
