/**
 * Every Redis key of ours, in one place (decision 8). The prefix carries a hash tag, so that a cluster
 * keeps everything in one slot and scripts may touch several keys.
 */
import { hash } from "node:crypto";
import type { EndpointId, EventId } from "../core/brand.ts";
import type { RateLimit } from "../core/endpoint.ts";

export interface Keys {
  readonly endpoints: string;
  readonly endpointsVersion: string;
  /** Pub/sub channel on which workers hear of changed endpoints and breakers. */
  readonly changes: string;
  /** Endpoint id → epoch ms of the next probe, for open breakers only. */
  readonly breakers: string;
  /** API key id → its record. */
  readonly apiKeys: string;
  /** The prefix of the counters of the API's rate limits. */
  readonly rateLimits: string;
  readonly recent: string;
  /** Stream of event ids and types in the order in which workers took them on. */
  readonly feed: string;
  readonly event: (id: EventId) => string;
  /** Digest of what was first published over HTTP under this id. */
  readonly published: (id: EventId) => string;
  readonly attempts: (id: EndpointId) => string;
  readonly health: (id: EndpointId) => string;
  readonly probe: (id: EndpointId) => string;
  /** Another limit is another key: what was given out under the old one ends by itself. */
  readonly rate: (id: EndpointId, limit: RateLimit) => string;
  /** Sorted set of delivery ids by the time they were accepted. */
  readonly waiting: (id: EndpointId) => string;
  /** Sorted set of the ids of all dead letters by the time they were buried. */
  readonly letters: string;
  /** The same of one endpoint. */
  readonly lettersOf: (id: EndpointId) => string;
  /** Dead letter id → its summary. */
  readonly letterSummaries: string;
  readonly replay: (id: string) => string;
  /** The process that works on a replay now. */
  readonly replayLease: (id: string) => string;
  /** Ids of the replays that are neither done nor cancelled. */
  readonly openReplays: string;
  readonly statistics: (id: EndpointId) => string;
  /** `hour` is the beginning of an ISO 8601 time. */
  readonly statisticsHour: (id: EndpointId, hour: string) => string;
}

export function createKeys(prefix: string): Keys {
  return {
    endpoints: `${prefix}:endpoints`,
    endpointsVersion: `${prefix}:endpoints:version`,
    changes: `${prefix}:changes`,
    breakers: `${prefix}:breakers`,
    apiKeys: `${prefix}:api-keys`,
    rateLimits: `${prefix}:requests:`,
    recent: `${prefix}:recent`,
    feed: `${prefix}:feed`,
    event: (id) => `${prefix}:event:${hash("sha256", id, "base64url")}`,
    published: (id) => `${prefix}:published:${hash("sha256", id, "base64url")}`,
    attempts: (id) => `${prefix}:attempts:${id}`,
    health: (id) => `${prefix}:health:${id}`,
    probe: (id) => `${prefix}:probe:${id}`,
    rate: (id, { count, perMs }) => `${prefix}:rate:${id}:${count}:${perMs}`,
    waiting: (id) => `${prefix}:waiting:${id}`,
    letters: `${prefix}:letters`,
    lettersOf: (id) => `${prefix}:letters:${id}`,
    letterSummaries: `${prefix}:letter-summaries`,
    replay: (id) => `${prefix}:replay:${id}`,
    replayLease: (id) => `${prefix}:replay-lease:${id}`,
    openReplays: `${prefix}:open-replays`,
    statistics: (id) => `${prefix}:statistics:${id}`,
    statisticsHour: (id, hour) => `${prefix}:statistics:${id}:${hour}`,
  };
}
