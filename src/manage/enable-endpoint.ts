/**
 * Enabling an endpoint again, with a look at what it has missed: deliveries that were given up from its first failure, or
 * from when it was switched off, until now. They are counted, and sent again where that is asked for. What was published
 * while it was disabled was never owed to it (decision 18), and is not among them.
 */
import type { EndpointId } from "../core/brand.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Replay, ReplayRequest } from "../core/replay.ts";
import type { DeadLetters } from "../queue/dead-letters.ts";
import type { Replays } from "../queue/replays.ts";
import type { EndpointManagement } from "./endpoints.ts";

interface EnableRequest extends Pick<ReplayRequest, "ratePerSecond"> {
  /** Send again what it has missed. */
  readonly replay?: boolean;
  /** Epoch ms from which on that was given up; since it failed, or was switched off, when absent. */
  readonly since?: number | undefined;
}

export interface Missed {
  /** ISO 8601; null where it has not been disabled, and nobody says since when. */
  readonly since: string | null;
  /** Dead letters of then and later. */
  readonly count: number;
}

interface EnabledEndpoint {
  readonly endpoint: Endpoint;
  readonly missed: Missed;
  /** Null where none was asked for, or there was nothing to send. */
  readonly replay: Replay | null;
}

/** Throws ENDPOINT_UNKNOWN and REPLAY_INVALID; after that it is enabled all the same. */
export type EnableEndpoint = (id: string, request?: EnableRequest) => Promise<EnabledEndpoint>;

interface EnableEndpointDeps {
  readonly endpoints: Pick<EndpointManagement, "get" | "enable">;
  /** ISO 8601 of the first failure before it was last disabled, or of when that was; null where nobody has noted it. */
  readonly readMissedSince: (id: EndpointId) => Promise<string | null>;
  readonly deadLetters: Pick<DeadLetters, "count">;
  readonly replays: Pick<Replays, "begin">;
}

export function createEnableEndpoint(deps: EnableEndpointDeps): EnableEndpoint {
  const { endpoints, readMissedSince, deadLetters, replays } = deps;
  return async (id, { replay = false, since: asked, ratePerSecond } = {}) => {
    const before = await endpoints.get(id);
    const noted = (await readMissedSince(before.id)) ?? before.disabledAt;
    const endpoint = await endpoints.enable(id);
    const since = asked ?? (noted === null ? null : Date.parse(noted));
    if (since === null) return { endpoint, missed: { since, count: 0 }, replay: null };
    const filter = { endpoint: endpoint.id, since };
    const count = await deadLetters.count(filter);
    const begun = replay && count > 0 ? await replays.begin({ filter, ratePerSecond }) : null;
    return { endpoint, missed: { since: new Date(since).toISOString(), count }, replay: begun };
  };
}
